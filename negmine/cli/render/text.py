"""Texts of others on a terminal: in one line, within a width, and without characters that steer it."""

from __future__ import annotations

import re

from rich.cells import cell_len

from negmine.config.secrets import redacted

# Control characters, and those that change the direction of what follows.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return a text without secrets, whose control characters, but for tabs and ends of lines, are blanks."""
    return _STEERING.sub(" ", redacted(text))


def one_line(text: str) -> str:
    """Return a text in one line, with single blanks."""
    return " ".join(printable(text).split())


def cut(text: str, width: int) -> str:
    """Return a text in one line of at most `width` columns."""
    line = one_line(text)
    while cell_len(line) > width:
        line = line[: min(len(line) - 2, width)] + "…"
    return line
