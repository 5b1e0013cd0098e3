"""Read `limits`: what limits that depend on the data came to."""

from __future__ import annotations

from negmine.engine.context import Context
from negmine.stages.filter.leak.budget import turned
from negmine.stages.filter.limits.compute import needed
from negmine.storage.layout import LIMITS


def read_limits(context: Context) -> dict[str, float]:
    """Return setting to value for `auto`, percentiles and budgets; empty where no rule needs one."""
    if not needed(context.config.filter):
        return {}
    return dict(context.work.scan(LIMITS).collect().iter_rows())


def chosen_by_budget(context: Context) -> dict[str, float]:
    """Return the setting that --max-leak has chosen, and its value; empty without a budget."""
    rules = context.config.filter
    if rules.max_leak is None or context.work.manifest(LIMITS) is None:
        return {}
    limits, name = read_limits(context), turned(rules)
    return {name: limits[name]} if name in limits else {}
