"""`leak`: hide known positives, decide as the rules would, count those written as negatives."""

from __future__ import annotations

from typing import Any

from negmine.engine.context import Context
from negmine.stages.filter.leak import measure
from negmine.stages.filter.risk.hiding import read_hide
from negmine.stages.readiness import require_scores


def leak(context: Context, hide: float | str, seed: int) -> dict[str, Any]:
    """Measure the leak of the rules in force.

    hide: the share of every query's positives, or all-but-one. Raises MissingArtifact where scores are
    missing or stale, InputError where no query has two positives.
    """
    budget_chosen = require_scores(context)
    return measure.leak(context, read_hide(str(hide)), seed, budget_chosen)
