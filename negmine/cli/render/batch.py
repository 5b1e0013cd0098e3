"""How `batch` looks: how many rows have a batch, and what the order is worth beside others."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.config.naming import counted

_NAMES = {"file": "as written", "shuffled": "shuffled", "composed": "composed"}
_COLUMNS = ("order", "batches", "rows", "with false negatives", "false negatives", "a batch")
_COSINES = ("mean cosine", "of the nearest")


def batch(made: dict[str, Any], width: int) -> RenderableType:
    """Show the counts, then the orders: as written, shuffled, composed."""
    left = made["left_over"]
    shape, place = f"{made['batches']:,} batches of {made['batch_size']:,}", "last in the file"
    if made["settings"].get("layout") == "files":
        shape = f"{counted(len(made['files']), 'files')} of {made['batch_size']:,} or more"
        place = "in no file"
    lines = [
        f"{shape} rows of {made['format']}, by {made['settings']['by']}: {made['in_batches']:,} of "
        f"{counted(made['rows'], 'rows')}.",
        f"Without a batch, {place}: {counted(sum(left.values()), 'rows')} "
        f"({left['conflict']:,} contradict the batches, {left['remainder']:,} fill none).",
    ]
    return Group(*map(Text, lines), "", _orders(made, width))


def _orders(made: dict[str, Any], width: int) -> RenderableType:
    cosines = made.get("coherence")
    rows = []
    for name, label in _NAMES.items():
        one = made["false_negatives"][name]
        row = [
            label, f"{one['batches']:,}", f"{one['rows']:,}", f"{one['rows_with']:,}",
            f"{one['false_negatives']:,}", f"{one['per_batch']:.2f}",
        ]  # fmt: skip
        if cosines:
            row += [f"{cosines[name]['mean']:.3f}", f"{cosines[name]['nearest']:.3f}"]
        rows.append(tuple(row))
    return grid((*_COLUMNS, *(_COSINES if cosines else ())), rows, width)
