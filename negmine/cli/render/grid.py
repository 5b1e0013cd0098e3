"""A table of short cells where it fits the width, else a few lines for every row. No cell is ever cut."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_INDENT = 4
_LEAST_TEXT = 16  # columns that the last cell needs where it is a text that may be wrapped


def grid(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    left: int = 1,
    keys: int = 1,
    wraps: bool = False,
    styles: Sequence[str] | None = None,
) -> RenderableType:
    """Show rows of cells under a header.

    left: how many of the first columns are texts; the others are numbers, to the right. keys: how many of the
    first cells name a row. wraps: the last column is a text that takes what is left of the width, in several
    lines if need be. styles: one for every row.
    """
    shown = styles or [""] * len(rows)
    fixed = [max(map(_columns, cells)) for cells in zip(header, *rows, strict=True)]
    if wraps:
        fixed[-1] = min(fixed[-1], _LEAST_TEXT)
    for gap in (2, 1):
        if sum(fixed) + gap * (len(header) - 1) <= width:
            return _table(header, rows, gap, left, wraps, shown)
    return _stacked(header, rows, left, keys, shown)


def _columns(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))


def _table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    gap: int,
    left: int,
    wraps: bool,
    styles: Sequence[str],
) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for place, name in enumerate(header):
        is_text = place < left or (wraps and place == len(header) - 1)
        may_wrap = wraps and place == len(header) - 1
        table.add_column(name, justify="left" if is_text else "right", no_wrap=not may_wrap)
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*map(Text, row), style=style)
    return table


def _stacked(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: int,
    keys: int,
    styles: Sequence[str],
) -> Group:
    """Show what names a row in a line, and its other cells that are not empty below it."""
    names = [name.replace("\n", " ") for name in header]
    parts: list[RenderableType] = []
    for row, style in zip(rows, styles, strict=True):
        named = [f"{name} {cell}" if cell else "" for name, cell in zip(names, row, strict=True)]
        head = [row[0], *named[1:keys]] if left else named[:keys]
        text = ", ".join(filter(None, named[keys:]))
        parts.append(Text(", ".join(head), style or "bold", overflow="fold"))
        parts.append(Padding(Text(text, style, overflow="fold"), (0, 0, 0, _INDENT), expand=False))
    return Group(*parts)
