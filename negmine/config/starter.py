"""The text of a commented negmine.toml: given settings filled in, the essential others at their defaults."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from negmine.config.catalogue import ENTRIES, Entry
from negmine.config.naming import key
from negmine.config.settings import STAGES
from negmine.config.table import NONE

WIDTH = 100  # columns of a comment
DATA = (
    "data",
    "qrels_split",
    "corpus",
    "queries",
    "qrels",
    "pairs",
    "pairs_format",
    "query_column",
    "positive_column",
)


def starter(given: Mapping[str, Any], folder: Path, notes: Sequence[str], command: str) -> str:
    """Return the file's text.

    given: settings to fill in, by field name. folder: where the file will lie; paths inside it are written
    relative to it. notes: comments at the top. command: how to run with this file.
    """
    lines = _comment(f"Settings of negmine. Run: {command}")
    lines += _comment(
        f'A setting behind a # has its default ("{NONE}": not set); remove the # to change it. '
        "All settings: negmine settings"
    )
    for note in notes:
        lines += ["#", *_comment(note)]
    for stage in STAGES:
        entries = [e for e in ENTRIES.values() if e.stage == stage and _is_listed(e, given)]
        lines += ["", f"[{stage}]"]
        for entry in entries:
            lines += _setting(entry, given, folder)
    return "\n".join(lines) + "\n"


def _is_listed(entry: Entry, given: Mapping[str, Any]) -> bool:
    """Tell whether a setting stands in the file: it is given, or essential and not about where the data is."""
    return entry.name in given or (bool(entry.essential) and entry.name not in DATA)


def _setting(entry: Entry, given: Mapping[str, Any], folder: Path) -> list[str]:
    default = entry.field.default
    if entry.name in given:
        line = f"{key(entry.name)} = {_value(given[entry.name], folder)}"
    else:
        line = f"# {key(entry.name)} = {_value(NONE if default is None else default, folder)}"
    return ["", *_comment(entry.description), line]


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _value(value: Any, folder: Path) -> str:
    """Return a value as TOML: a JSON string or number is one, too."""
    if isinstance(value, Path):
        inside = value.is_relative_to(folder)
        value = (value.relative_to(folder) if inside else value).as_posix()
    if isinstance(value, tuple):
        return f"[{', '.join(_value(one, folder) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)
