"""How `settings` looks: a table of settings where it fits, else a paragraph for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from negmine.config.catalogue import Entry
from negmine.config.naming import flag

_TABLE_WIDTH = 100  # columns from which on a table is readable


def record(entry: Entry) -> dict[str, Any]:
    """Return a setting as `--json` gives it."""
    return {
        "name": entry.name,
        "flag": flag(entry.name),
        "stage": entry.stage,
        "shared_with": list(entry.shared_with),
        "group": entry.group,
        "default": entry.field.default,
        "description": entry.description,
    }


def settings(entries: Sequence[Entry], width: int) -> RenderableType:
    """Show flag, stage, default and description of settings."""
    return _table(entries) if width >= _TABLE_WIDTH else _paragraphs(entries)


def nothing(words: str, near: Sequence[str]) -> str:
    """Return the sentence for a search that finds nothing."""
    close = (
        f"The nearest names: {', '.join(map(flag, near))}."
        if near
        else "negmine settings lists all."
    )
    return f"No setting has {words!r} in its name or description. {close}"


def _table(entries: Sequence[Entry]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("setting", no_wrap=True)
    for column in ("stage", "default", "description"):
        table.add_column(column, overflow="fold", max_width=24 if column == "default" else None)
    for entry in entries:
        cells = (flag(entry.name), entry.stage, entry.default, entry.description)
        table.add_row(*map(Text, cells))
    return table


def _paragraphs(entries: Sequence[Entry]) -> Group:
    parts: list[RenderableType] = []
    for entry in entries:
        default = f", default {entry.default}" if entry.default else ""
        head = Text.assemble((flag(entry.name), "bold"), f"  {entry.stage}{default}")
        parts += [head, Padding(Text(entry.description), (0, 0, 0, 4))]
    return Group(*parts)
