"""Budget: the mildest setting whose measured leak is small enough, upper end of its interval."""

from __future__ import annotations

import numpy as np
import polars as pl

from negmine.config.settings import FilterSettings
from negmine.errors import GateNotMet

STEPS = 41


def knob(rules: FilterSettings, most: float | None = None) -> tuple[str, list[float]]:
    """Return the setting that a budget turns, and its values, mildest first.

    max_risk where there is a risk: from `most` (what the user said; else 1) to a thousandth of it, evenly in
    logarithms; else relative_margin, from what the rules say up to 1.
    """
    if rules.max_risk is not None:
        top = most or 1.0
        return "max_risk", [float(f"{v:.4g}") for v in np.geomspace(top, top / 1000, STEPS)]
    least = float(rules.relative_margin or 0.0)
    return "relative_margin", [round(v, 4) for v in np.linspace(least, 1.0, STEPS)]


def chosen(name: str, cells: pl.DataFrame, budget: float) -> dict[str, float]:
    """Return the mildest cell within the budget: its setting, leak, leak_high, yield, sold, selected.

    cells: from Sweep.table, mildest first. Raises GateNotMet where none is, naming the best.
    """
    known = cells.filter(pl.col("leak_high").is_not_null())
    within = known.filter(pl.col("leak_high") <= budget)
    if within.height:
        best = within.row(0, named=True)
        told = ("leak", "leak_high", "yield", "sold", "selected")
        return {name: best[name], **{key: best[key] for key in told}}
    if not known.height:
        raise GateNotMet(
            f"--max-leak {budget}: no negative is left to measure. Use milder rules.", "max_leak"
        )
    best = known.sort("leak_high").row(0, named=True)
    raise GateNotMet(
        f"--max-leak {budget} cannot be met: the best is --{name.replace('_', '-')} {best[name]:g} with a "
        f"leak of {best['leak']:.4f}, at most {best['leak_high']:.4f} (from {best['selected']:,} negatives). "
        "More queries with two or more positives narrow the interval; or raise the budget.",
        "max_leak",
    )
