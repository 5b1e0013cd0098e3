"""What becomes of accents, script by script."""

import unicodedata

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from negmine.data.accents import PLAIN, fold_accents
from negmine.data.texts import normalise

MARKS = "\u0300\u0301\u0306\u0308\u0323\u0327\u0345\u0483\u20dd\u3099\u093c\u0e34\u064e"
ACCENTED = st.text(
    st.sampled_from("aeozёйўгіαιυéạǭǿǽđłøıæœ1_ -かガกाकاآ한\u00ad" + MARKS), max_size=12
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("café à l'œuvre, garçon", "cafe a l'oeuvre, garcon"),
        ("smørrebrød på blåbærsø", "smorrebrod pa blabaerso"),
        ("żółć łódź", "zolc lodz"),
        ("ɓera ɗaki ƙasa ƴaƴa", "bera daki kasa yaya"),
        ("tiếng việt đặc biệt", "tieng viet dac biet"),
        ("ọjọ́ ìbí ẹ̀kọ́ ṣé", "ojo ibi eko se"),
        ("ısparta i\u0307stanbul çığ", "isparta istanbul cig"),
        ("ά ϊ ΐ ῷ", "α ι ι ωι"),
        ("ёлка замо\u0301к ї ќ", "елка замок і к"),
        ("ǽ ǿ ǭ", "ae o o"),
    ],
)
def test_latin_greek_and_cyrillic_letters_lose_their_marks(text, folded):
    assert fold_accents(normalise(text)) == folded


@pytest.mark.parametrize(
    "text",
    [
        "мой твой ў ӑ",
        "がぎぐ パピプ",
        "हिन्दी क़लम",
        "ที่ดี",
        "آب الْعَرَبِيَّة",
        "שָׁלוֹם",
        "한국어",
        "မြန်",
        "ß þ ð ŋ ɛ ɔ",
        "1\u0301 _\u0301 \u0301",
    ],
)
def test_letters_of_their_own_and_marks_over_other_scripts_stay(text):
    assert fold_accents(unicodedata.normalize("NFC", text)) == unicodedata.normalize("NFC", text)


def test_the_breve_of_a_cyrillic_letter_stays_and_its_other_marks_go():
    for marks in ("\u0306\u0301", "\u0301\u0306", "\u0301\u0306\u0302", "\u0306\u0306"):
        assert fold_accents(f"и{marks}") == "й"


def test_plain_forms_are_of_letters_that_unicode_does_not_decompose():
    for letter, plain in PLAIN.items():
        assert unicodedata.normalize("NFKD", letter.casefold()) == letter
        assert plain.isascii() and plain.islower()


@given(ACCENTED | st.text())
def test_folding_twice_is_folding_once(text):
    once = fold_accents(normalise(text))
    assert fold_accents(once) == once


@given(ACCENTED | st.text())
@example("a\u0301\u00ad\u0301")
def test_a_folded_text_is_in_nfc_and_has_no_mark_over_the_three_scripts_but_the_breve(text):
    folded = fold_accents(normalise(text))
    assert unicodedata.normalize("NFC", folded) == folded
    apart = unicodedata.normalize("NFD", folded)
    assert not regex.search(r"(?V1)[[\p{Latin}\p{Greek}]&&\p{L}]\p{M}", apart)
    assert not regex.search(r"(?V1)[\p{Cyrillic}&&\p{L}]\u0306?[\p{M}--\u0306]", apart)


@given(st.text(st.characters(max_codepoint=0x7F)) | st.text("茶かกकا한 a1-"))
def test_a_text_without_accents_is_untouched(text):
    assert fold_accents(text) == text
