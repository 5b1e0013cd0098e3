"""How settings and counts are named to people: flags, the nearest name to a wrong one, `1 row`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)  # hf://, s3://; of a Path, hf:/


def flag(field: str) -> str:
    """Return the flag of a settings field: `relative_margin` is `--relative-margin`."""
    return "--" + key(field)


def key(field: str) -> str:
    """Return the TOML key of a settings field: `relative-margin`."""
    return field.replace("_", "-")


def nearest(name: str, names: Iterable[str]) -> str:
    """Return ` Did you mean ...?`, or nothing where no known name is near."""
    close = difflib.get_close_matches(name, list(names), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def counted(number: int, names: str) -> str:
    """Return `1 query`, `2,000 queries`."""
    name = names if number != 1 else "query" if names == "queries" else names.removesuffix("s")
    return f"{number:,} {name}"


def is_address(path: Path | str) -> bool:
    """Tell whether a path is an address such as s3://bucket/folder."""
    return _ADDRESS.match(str(path)) is not None
