"""Accents: `é` becomes `e`, so that a word is the same with and without them.

Letters of the Latin, Greek and Cyrillic scripts lose their combining marks. Twelve Latin letters that Unicode
does not decompose, such as `ø` and the dotless `i`, get their plain form, as in Lucene's ASCIIFoldingFilter.
Two things stay:

- The breve of Cyrillic letters. `й` and `ў` are letters of their own, and nobody writes them without it.
- Marks over other scripts. They make other letters: Thai and Devanagari vowels, Japanese `が`, Arabic `آ`.
"""

from __future__ import annotations

import unicodedata

import regex

PLAIN = {
    "æ": "ae", "ɓ": "b", "đ": "d", "ɗ": "d", "ħ": "h", "\u0131": "i", "ƙ": "k", "ł": "l", "ø": "o", "œ": "oe",
    "ŧ": "t", "ƴ": "y",
}  # fmt: skip
BREVE = "\u0306"
_PLAIN = str.maketrans(PLAIN)
_MARKS = regex.compile(
    r"(?<=[[\p{Latin}\p{Greek}]&&\p{L}])\p{M}+|(?<=[\p{Cyrillic}&&\p{L}])(\p{M}+)", regex.V1
)


def fold_accents(text: str) -> str:
    """Return a case-folded text without accents, in NFC. Folding twice is folding once."""
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFD", text).translate(_PLAIN)
    return unicodedata.normalize("NFC", _MARKS.sub(_remaining, letters))


def _remaining(marks: regex.Match[str]) -> str:
    """Return what stays of the marks over one letter; group 1 are those over a Cyrillic letter."""
    return BREVE if BREVE in (marks[1] or "") else ""
