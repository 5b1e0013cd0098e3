"""Characters that steer what shows them: a terminal, a page, an editor. Texts of others go without them.

Control characters (C0 but for tabs and ends of lines, DEL, C1), LINE and PARAGRAPH SEPARATOR; bidi marks,
embeddings, overrides and isolates; blanks without a width, soft hyphens, variation of tags. The joiners U+200C
and U+200D stay: Persian, the scripts of India and emoji are written with them.
"""

from __future__ import annotations

import re

from negmine.errors import LONGEST, cut

_CLASS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
STEERING = re.compile(f"[{_CLASS}]")
MOST_OF_A_WORD = 1_000  # characters that stand in a message without a blank, such as an id
_LONG_WORD = re.compile(rf"\S{{{MOST_OF_A_WORD},}}")


def plain(text: str, instead: str = " ") -> str:
    """Return a text with blanks in place of characters that steer."""
    return STEERING.sub(instead, text)


def in_json(text: str) -> str:
    """Return JSON with the same values, in which characters that steer are escapes."""
    return STEERING.sub(_escape, text)


def bounded(text: str) -> str:
    """Return a message of at most LONGEST characters; of a long word it says how much is left out."""
    return cut(_LONG_WORD.sub(_short, text), LONGEST)


def _short(word: re.Match[str]) -> str:
    return f"{word[0][:200]}… ({len(word[0]) - 200:,} characters more)"


def _escape(match: re.Match[str]) -> str:
    data = match[0].encode("utf-16-be")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))
