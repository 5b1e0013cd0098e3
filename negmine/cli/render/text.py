"""Texts of others on a terminal: in one line, within a width, and without characters that steer it."""

from __future__ import annotations

from rich.cells import cell_len

from negmine.config.secrets import redacted
from negmine.data.steering import plain

LONGEST = 200  # characters of a name or an id


def printable(text: str) -> str:
    """Return a text without secrets; what steers a terminal is a blank, but for tabs and ends of lines."""
    return plain(redacted(text))


def one_line(text: str) -> str:
    """Return a text in one line, with single blanks."""
    return " ".join(printable(text).split())


def short(text: str) -> str:
    """Return a name or an id in one line, cut where it is very long."""
    line = one_line(text[: 20 * LONGEST])
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def cut(text: str, width: int) -> str:
    """Return a text in one line of at most `width` columns."""
    line = one_line(text)
    while cell_len(line) > width:
        line = line[: min(len(line) - 2, width)] + "…"
    return line
