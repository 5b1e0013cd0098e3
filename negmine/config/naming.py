"""How settings and counts are named to people: flags, the nearest name to a wrong one, `1 row`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)  # hf://, s3://; of a Path, hf:/

_WORDS = re.compile("[_-]")


def flag(field: str) -> str:
    """Return the flag of a settings field: `relative_margin` is `--relative-margin`."""
    return "--" + key(field)


def key(field: str) -> str:
    """Return the TOML key of a settings field: `relative-margin`."""
    return field.replace("_", "-")


def nearest(name: str, names: Iterable[str]) -> str:
    """Return ` Did you mean ...?`, or nothing where no known name is near."""
    close = alike(name, names)
    return f" Did you mean {either(map(repr, close))}?" if close else ""


def alike(name: str, names: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """Return the names that have all words of `name`, else the one that is spelled most like it, if any."""
    candidates = list(names)
    return _with_words(name, candidates) or difflib.get_close_matches(name, candidates, 1, cutoff)


def either(names: Iterable[str]) -> str:
    """Return `a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _with_words(name: str, names: Iterable[str], most: int = 3) -> list[str]:
    """Return the names that have all words of `name`: those of the fewest words first, at most `most`."""
    words = {one: _WORDS.split(one) for one in names}
    wanted = set(_WORDS.split(name)) - {""}
    matches = [one for one, its in words.items() if wanted and wanted <= set(its)]
    return sorted(matches, key=lambda one: len(words[one]))[:most]


def counted(number: int, names: str) -> str:
    """Return `1 query`, `2,000 queries`."""
    name = names if number != 1 else "query" if names == "queries" else names.removesuffix("s")
    return f"{number:,} {name}"


def split_name(text: str) -> tuple[str, str]:
    """Return what stands before and after the first `=`, if that is a name; else nothing and the text."""
    match = re.fullmatch(r"([A-Za-z]\w*)=(.*)", text, re.ASCII | re.DOTALL)
    return (match[1], match[2]) if match else ("", text)


def is_plugin(spec: str) -> bool:
    """Tell whether a name means a plug-in: `package.module:factory`."""
    return ":" in spec and "/" not in spec


def plugin_name(spec: str) -> str:
    """Return what columns and folders are called after a plug-in: NAME, or else what stands behind the colon.

    Any other name is what it is.
    """
    return spec.rsplit(":", 1)[-1]


def is_address(path: Path | str) -> bool:
    """Tell whether a path is an address such as s3://bucket/folder."""
    return _ADDRESS.match(str(path)) is not None
