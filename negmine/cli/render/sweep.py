"""How `sweep` looks: a line for every cell of the grid."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.cli.render.leak import share, two
from negmine.config.naming import counted


def sweep(
    cells: pl.DataFrame, names: Sequence[str], every: bool, width: int, why: str
) -> RenderableType:
    """Show the cells that no other beats, or all, by leak, and which to take. why: the recommendation."""
    shown = cells if every else cells.filter(pl.col("pareto") | pl.col("recommended"))
    header = (*names, "leak", "leak at most", "yield", "hardness", "rank", "best")
    rows = [
        (
            *("none" if row[name] is None else f"{row[name]:g}" for name in names),
            share(row["leak"]),
            share(row["leak_high"]),
            two(row["yield"]),
            two(row["hardness"]),
            two(row["mean_rank"]),
            "take" if row["recommended"] else "*" if row["pareto"] else "",
        )
        for row in shown.sort("leak", nulls_last=True).iter_rows(named=True)
    ]
    best = cells["pareto"].sum()
    verb = "is" if best == 1 else "are"
    tail = f"{counted(cells.height, 'cells')}; {best:,} {verb} not beaten in leak, yield and hardness together"
    more = "" if every else "; --all shows all"
    return Group(grid(header, rows, width, left=0, keys=len(names)), Text(tail + more), Text(why))
