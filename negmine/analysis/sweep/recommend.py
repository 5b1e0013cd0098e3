"""Which cell of a sweep to take, and why."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from negmine.config.naming import flag

ENOUGH = 0.9  # share of the most negatives that such a cell gets


def recommended(cells: pl.DataFrame) -> pl.Series:
    """Tell of every cell whether it is the one to take, bool [cells]; none where no leak was measured.

    cells: see leak/sweep.py. It is the hardest (hardness_z) of those whose leak cannot be told from the lowest
    (leak <= the least leak_high), and that get at least 90 % of the most negatives that such a cell gets.
    """
    place = pl.int_range(pl.len(), dtype=pl.Int64)
    measured = cells.with_columns(place=place).drop_nulls(["leak", "leak_high", "hardness_z"])
    within = measured.filter(pl.col("leak") <= pl.col("leak_high").min())
    enough = within.filter(pl.col("yield") >= ENOUGH * pl.col("yield").max())
    best = enough.sort("hardness_z", "yield", descending=True, maintain_order=True)["place"].head(1)
    return pl.Series("recommended", [n in best.to_list() for n in range(cells.height)], pl.Boolean)


def reason(cells: pl.DataFrame, names: Sequence[str]) -> str:
    """Return the recommendation as a sentence with its reason. names: of the settings that vary."""
    chosen = cells.filter("recommended")
    if chosen.is_empty():
        return "No cell has a negative whose leak could be measured, so none is recommended."
    row = chosen.row(0, named=True)
    flags = " ".join(
        f"{flag(name)} {'none' if row[name] is None else format(row[name], 'g')}" for name in names
    )
    lowest = cells.drop_nulls("leak_high").sort("leak_high", maintain_order=True).row(0, named=True)
    told = f"Its leak is {row['leak']:.4f} (at most {row['leak_high']:.4f})"
    if row["leak_high"] > lowest["leak_high"]:
        told += f", not clearly above the lowest of the grid (at most {lowest['leak_high']:.4f})"
    return (
        f"Recommended of these cells: {flags}. {told}. Of all such cells with about as many negatives, its "
        "negatives are the hardest. Values between those of the grid may be better still. Which cell trains "
        "better, negmine prove measures."
    )
