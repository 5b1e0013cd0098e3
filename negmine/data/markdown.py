"""Texts of others in Markdown: one line of plain words, whatever they hold."""

from __future__ import annotations

import re

from negmine.data.steering import plain

MOST = 300  # characters; a name or a setting that is longer is cut
_MARKUP = re.compile(r"([\\`*<>\[\]|&])")


def one_line(text: str) -> str:
    """Return a text in one line, without control characters, cut to MOST characters."""
    words = " ".join(plain(text).split())
    return words if len(words) <= MOST else f"{words[: MOST - 1]}…"


def inline(text: str) -> str:
    """Return a text for a line or a cell of a table: as one_line, and no markup counts in it."""
    return _MARKUP.sub(r"\\\1", one_line(text))
