"""Budget: the mildest setting whose measured leak is small enough, upper end of its interval."""

from __future__ import annotations

import numpy as np
import polars as pl

from negmine.config.naming import flag
from negmine.config.settings import FilterSettings
from negmine.errors import GateNotMet
from negmine.stages.filter.rules import SWEEPABLE

STEPS = 41


def turned(settings: FilterSettings) -> str:
    """Return the setting that a budget turns: max_risk where there is a risk, else relative_margin."""
    return "relative_margin" if settings.max_risk is None else "max_risk"


def knob(settings: FilterSettings, most: float | None = None) -> tuple[str, list[float]]:
    """Return the setting that a budget turns, and the values that it tries.

    With a risk: max_risk, from `most` (what the user set; else 1) to a thousandth of it, evenly in logarithms.
    Without: relative_margin, from its value in `settings` up to 1.
    """
    name = turned(settings)
    if name == "max_risk":
        top = most or 1.0
        return name, [float(f"{v:.4g}") for v in np.geomspace(top, top / 1000, STEPS)]
    least = float(settings.relative_margin or 0.0)
    return name, [round(v, 4) for v in np.linspace(least, 1.0, STEPS)]


def chosen(name: str, cells: pl.DataFrame, budget: float) -> dict[str, float]:
    """Return the mildest cell within the budget: its setting, leak, leak_high, yield, leaked, selected.

    cells: from Sweep.table, over the setting `name`. Raises GateNotMet where no cell is within the budget, and
    names the best.
    """
    lower_is_stricter = SWEEPABLE[name].sweepable[name] == "lower"
    mildest_first = cells.sort(name, descending=lower_is_stricter)
    measured = mildest_first.filter(pl.col("leak_high").is_not_null())
    within = measured.filter(pl.col("leak_high") <= budget)
    if within.height:
        best = within.row(0, named=True)
        numbers = ("leak", "leak_high", "yield", "leaked", "selected")
        return {name: best[name], **{key: best[key] for key in numbers}}
    if not measured.height:
        raise GateNotMet(
            f"--max-leak {budget}: no negative is left to measure. Use milder rules.", "max_leak"
        )
    best = measured.sort("leak_high").row(0, named=True)
    raise GateNotMet(
        f"--max-leak {budget} cannot be met: the best is {flag(name)} {best[name]:g} with a "
        f"leak of {best['leak']:.4f}, at most {best['leak_high']:.4f} (from {best['selected']:,} negatives). "
        "More queries with two or more positives narrow the interval; or raise the budget.",
        "max_leak",
    )
