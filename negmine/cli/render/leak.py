"""How `leak` and `sweep` look to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

MEASURES = ("leak", "yield", "hardness", "mean_rank")


def leak(found: dict[str, Any]) -> RenderableType:
    """Show leak, yield and hardness of every rule and of all, what was caught, and by whom it was found."""
    head = Text(
        f"{found['hidden']:,} positives of {found['queries']:,} queries hidden, "
        f"{found['hidden_found']:,} found again; {found['queries_left_out']:,} queries have too few"
    )
    rules = _table("rules", "leak", "95 %", "sold", "of", "yield", "hardness", "rank")
    for row in found["rules"]:
        between = f"{_share(row['leak_low'])}-{_share(row['leak_high'])}"
        numbers = (f"{row['sold']:,}", f"{row['selected']:,}", _two(row["yield"]))
        hard = (_two(row["hardness"]), _two(row["mean_rank"]))
        rules.add_row(row["rules"], _share(row["leak"]), between, *numbers, *hard)
    caught = ", ".join(f"{reason} {count:,}" for reason, count in found["caught"].items())
    cost = found["cost"]
    lines = [
        f"caught: {caught or 'none'}",
        f"cost: {cost['unlabeled_removed']:,} of {cost['unlabeled']:,} unlabeled candidates, "
        f"{cost['judged_negatives_removed']:,} of {cost['judged_negatives']:,} judged negatives removed",
    ]
    ranks = _table("retriever", "ranks", "candidates", "hidden", "share", "selected", "sold")
    for row in found["by_rank"]:
        share = _share(row["hidden"] / row["candidates"])
        counts = (f"{row[name]:,}" for name in ("selected", "sold"))
        shown = (f"{row['candidates']:,}", f"{row['hidden']:,}", share)
        ranks.add_row(row["retriever"], row["ranks"], *shown, *counts)
    notes = [Text(note, style="dim") for note in found["notes"]]
    return Group(head, rules, *map(Text, lines), ranks, *notes)


def sweep(cells: pl.DataFrame, names: Sequence[str], every: bool) -> RenderableType:
    """Show the cells that no other beats, or all, by leak."""
    shown = cells if every else cells.filter("pareto")
    table = _table(*names, "leak", "at most", "yield", "hardness", "rank", "best", left=0)
    for row in shown.sort("leak", nulls_last=True).iter_rows(named=True):
        ends = (_share(row["leak"]), _share(row["leak_high"]))
        rest = (_two(row["yield"]), _two(row["hardness"]), _two(row["mean_rank"]))
        settings = (f"{row[name]:g}" for name in names)
        table.add_row(*settings, *ends, *rest, "*" if row["pareto"] else "")
    tail = f"{cells.height:,} cells, {cells['pareto'].sum():,} that no other beats in leak, yield and hardness"
    return Group(table, Text(tail if every else f"{tail}; --all shows all"))


def _table(*columns: str, left: int = 1) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < left else "right", overflow="fold")
    return table


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
