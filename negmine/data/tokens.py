"""How a text is cut into tokens: for BM25, and, without a stemmer and with its accents, for 3-grams.

Words are runs of letters, marks, digits and underscores. Scripts that put no spaces between words
give overlapping character bigrams instead, as Lucene's CJKAnalyzer does. There is no stop word list
and no minimum length: "vitamin c" is two tokens. docs/reference/tokens.md tells users the whole of it.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import regex
import Stemmer

from negmine.data.accents import fold_accents as without_accents
from negmine.data.texts import normalise
from negmine.errors import SettingsError

# One entry makes one kind of run: Japanese mixes Han and kana inside a word. U+30FC and U+3006 are
# kana and Han in use, but their script is "Common". Hangul is not here: it is written with spaces.
_UNSPACED_SCRIPTS = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc\u3006",
    r"\p{Thai}",
    r"\p{Lao}",
    r"\p{Khmer}",
    r"\p{Myanmar}",
)
_RUN = r"[[{0}]&&[\p{{L}}\p{{Nl}}]][[[{0}]&&[\p{{L}}\p{{Nl}}]]\p{{M}}]*"

UNSPACED = regex.compile("|".join(_RUN.format(script) for script in _UNSPACED_SCRIPTS), regex.V1)
_WORD = regex.compile(r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*")
_ASCII_WORD = regex.compile(r"[a-z0-9_]+")
_CHARACTER = regex.compile(r"\X")
# Soft hyphens, joiners and variation selectors are no part of a word, and part no accent from its letter
# (Unicode 15, section 3.13, toNFKC_Casefold). A zero-width space is kept: it is a break between words.
_IGNORABLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}--\u200b]+", regex.V1)


class Tokenizer:
    """Cuts texts into tokens; with `fold_accents` without accents, with a stemmer as stems.

    Accents go before words are stemmed, so that a text has the same tokens with and without them.
    """

    def __init__(self, stemmer: str | None = None, fold_accents: bool = False) -> None:
        """Take the name of a Snowball stemmer, or none. Raises SettingsError for an unknown one."""
        if stemmer is not None and stemmer not in Stemmer.algorithms():
            names = ", ".join(sorted(Stemmer.algorithms()))
            raise SettingsError(
                f"--stemmer {stemmer!r} is not a Snowball stemmer. Use one of: {names}."
            )
        self._fold_accents = fold_accents
        self._stemmer = None if stemmer is None else Stemmer.Stemmer(stemmer)

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text in their order, repeats included."""
        text = normalise(text)
        if text.isascii():
            return self._stemmed(_ASCII_WORD.findall(text))
        text = unicodedata.normalize("NFC", _IGNORABLE.sub("", text))
        if self._fold_accents:
            text = without_accents(text)
        tokens: list[str] = []
        start = 0
        for run in UNSPACED.finditer(text):
            tokens += self._stemmed(_WORD.findall(text, start, run.start()))
            tokens += _bigrams(run.group())
            start = run.end()
        return tokens + self._stemmed(_WORD.findall(text, start))

    def _stemmed(self, words: list[str]) -> list[str]:
        if self._stemmer is None:
            return words
        stems: list[str] = self._stemmer.stemWords(words)
        return stems


def tokenize(text: str) -> list[str]:
    """Return the tokens of a text, with its accents and without a stemmer."""
    return Tokenizer().tokens(text)


def _bigrams(run: str) -> list[str]:
    """Return the overlapping pairs of characters of a run; a lone character gives itself.

    A character is a grapheme cluster, so that no vowel sign is parted from its letter.
    """
    characters = _CHARACTER.findall(run)
    if len(characters) == 1:
        return [run]
    return [first + second for first, second in pairwise(characters)]
