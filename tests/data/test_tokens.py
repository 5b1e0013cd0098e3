"""The tokens of BM25, script by script."""

import re
import unicodedata
from pathlib import Path

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from negmine.data.accents import fold_accents
from negmine.data.texts import normalise
from negmine.data.tokens import Tokenizer, tokenize
from negmine.errors import SettingsError

MIXED = st.text(
    st.sampled_from(
        "aZé ß\u0301_19²½-.\u00ad\u200b\u200d の電池ーアｱ゙ﾞ々〆〇 ไทยที่ดำ ខ្មែ មြန် ລາວ "
        "हिन्दी عربي한국\ufe0f❤"
    )
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Vitamin C, vitamin-D 3!", ["vitamin", "c", "vitamin", "d", "3"]),
        ("snake_case don't", ["snake_case", "don", "t"]),
        ("Straße ΣΊΣΥΦΟΣ ﬁn Ⅳ x²", ["strasse", "σίσυφοσ", "fin", "iv", "x2"]),
        ("cafe\u0301 café", ["café", "café"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("الْعَرَبِيَّة لغة", ["الْعَرَبِيَّة", "لغة"]),
        ("tiếng Việt", ["tiếng", "việt"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("обʼєкт", ["обʼєкт"]),
        ("!!! — … ❤\ufe0f", []),
        ("", []),
    ],
)
def test_words_are_runs_of_letters_marks_digits_and_underscores(text, tokens):
    assert tokenize(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("我是中国人", ["我是", "是中", "中国", "国人"]),
        ("iPhoneの電池", ["iphone", "の電", "電池"]),
        ("池", ["池"]),
        ("90年代のMP3", ["90", "年代", "代の", "mp3"]),
        ("ｺﾝﾋﾟｭｰﾀｰ", ["コン", "ンピ", "ピュ", "ュー", "ータ", "ター"]),
        ("二〇一五", ["二〇", "〇一", "一五"]),
        ("東京・大阪", ["東京", "大阪"]),
        ("ลาว ລາວ", ["ลา", "าว", "ລາ", "າວ"]),
        ("ไทยລາວ", ["ไท", "ทย", "ລາ", "າວ"]),
        ("ปี 2545", ["ปี", "2545"]),
    ],
)
def test_scripts_without_spaces_give_character_bigrams_per_run(text, tokens):
    assert tokenize(text) == tokens


def test_a_bigram_never_parts_a_vowel_sign_from_its_letter():
    assert tokenize("ที่ดี") == ["ที่ดี"]
    assert tokenize("ที่ดีที่") == ["ที่ดี", "ดีที่"]
    assert tokenize("မြန်") == ["မြန်"]


def test_invisible_characters_inside_a_word_do_not_cut_it_but_a_zero_width_space_does():
    assert tokenize("co\u00adoperate é") == ["cooperate", "é"]
    assert tokenize("a\u00ad\u0301") == ["\u00e1"]
    assert tokenize("cafe\u00ad\u0301") == ["caf\u00e9"]  # an accent is not parted from its letter
    assert tokenize("می\u200cخواهم") == ["میخواهم"]
    assert tokenize("ไทย\u200bลาว") == ["ไท", "ทย", "ลา", "าว"]


def test_a_stemmer_changes_words_and_leaves_bigrams_alone():
    assert Tokenizer("english").tokens("Running runners の電池") == [
        "run",
        "runner",
        "の電",
        "電池",
    ]
    assert tokenize("Running") == ["running"]


def test_an_unknown_stemmer_is_refused_with_the_list_of_stemmers():
    with pytest.raises(SettingsError, match=r"--stemmer 'klingon'.*english.*turkish"):
        Tokenizer("klingon")


def test_the_examples_of_the_reference_page_are_true():
    page = Path(__file__).parents[2] / "docs" / "reference" / "tokens.md"
    rows = re.findall(r"^\| `(.+?)` \| (`.*`) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) > 5
    for text, tokens in rows:
        assert Tokenizer(fold_accents=True).tokens(text) == tokens.strip("`").split("` `")


def test_accents_stay_unless_they_are_to_be_folded():
    folding = Tokenizer(fold_accents=True)
    assert tokenize("Crème brûlée") == ["crème", "brûlée"]
    assert folding.tokens("Crème brûlée") == ["creme", "brulee"]
    assert folding.tokens("e\u00ad\u0301t\u00e9") == ["ete"]
    assert folding.tokens("ガイド мой がっこう ดีที่") == [
        "ガイ",
        "イド",
        "мой",
        "がっ",
        "っこ",
        "こう",
        "ดีที่",
    ]


def test_accents_are_folded_before_words_are_stemmed():
    spanish = Tokenizer("spanish", fold_accents=True)
    assert spanish.tokens("habitación canción") == spanish.tokens("habitacion cancion")


@given(MIXED | st.text(), st.sampled_from([None, "spanish", "russian", "greek"]))
def test_a_text_has_the_same_tokens_with_and_without_its_accents(text, stemmer):
    folding = Tokenizer(stemmer, fold_accents=True)
    assert folding.tokens(text) == folding.tokens(fold_accents(normalise(text)))


@given(st.text(st.characters(max_codepoint=0x7F)) | st.text("の電池ไทย한 a1-"))
def test_a_text_without_accents_has_the_same_tokens_folded_or_not(text):
    assert Tokenizer(fold_accents=True).tokens(text) == tokenize(text)


@given(MIXED | st.text())
def test_texts_that_count_as_the_same_have_the_same_tokens(text):
    assert tokenize(text) == tokenize(normalise(text)) == tokenize(f"  {text.strip()}\n")


@given(MIXED | st.text())
@example("a\u00ad\u0301")  # without its soft hyphen this is one letter
def test_every_letter_and_digit_is_in_some_token_in_order(text):
    visible = regex.sub(r"(?V1)[\p{DI}--\u200b]", "", normalise(text))
    kept = regex.sub(r"[^\p{L}\p{N}_]", "", unicodedata.normalize("NFC", visible))
    words = iter("".join(tokenize(text)))
    assert all(character in words for character in kept)


@given(MIXED | st.text())
def test_no_token_is_empty_or_starts_with_a_mark_or_holds_a_space(text):
    for token in Tokenizer("english").tokens(text):
        assert regex.fullmatch(r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*", token), ascii(token)
