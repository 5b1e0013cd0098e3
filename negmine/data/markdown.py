"""Texts of others in Markdown: one line of plain words, whatever they hold."""

from __future__ import annotations

import re

MOST = 300  # characters; a name or a setting that is longer is cut
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MARKUP = re.compile(r"([\\`*<>\[\]|&])")


def inline(text: str) -> str:
    """Return a text for a line or a cell of a table: no markup, control characters or ends of lines in it."""
    plain = " ".join(_STEERING.sub(" ", text).split())
    cut = plain if len(plain) <= MOST else f"{plain[: MOST - 1]}…"
    return _MARKUP.sub(r"\\\1", cut)
