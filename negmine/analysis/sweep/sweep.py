"""`sweep`: leak, yield and hardness of every cell of a grid of thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from negmine.analysis.sweep.recommend import recommended
from negmine.engine.context import Context
from negmine.stages.filter.leak import measure
from negmine.stages.filter.risk.hiding import read_hide
from negmine.stages.readiness import require_scores


def sweep(
    context: Context, grid: Mapping[str, Sequence[float | None]], hide: float | str, seed: int
) -> pl.DataFrame:
    """Measure a grid over the other rules in force: a row for each cell, one of which is `recommended`.

    A budget (--max-leak) chooses nothing here: the grid says what varies. Raises as `leak` does.
    """
    without_budget = context.with_rules(max_leak=None)
    require_scores(without_budget)
    asked = read_hide(str(hide))
    cells = measure.sweep_of(without_budget, grid, asked, seed, budget_chosen=False)
    return cells.with_columns(recommended(cells))
