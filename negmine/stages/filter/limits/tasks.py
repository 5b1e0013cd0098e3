"""Tasks of the limits that depend on the data: `auto`, percentiles, and the budget of a leak; gates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data.frames import table
from negmine.data.schemas import LIMITS
from negmine.engine.context import Context
from negmine.engine.tasks import Stream
from negmine.errors import GateNotMet, InputError
from negmine.stages.filter.leak.budget import chosen, knob
from negmine.stages.filter.leak.measure import sweep_of
from negmine.stages.filter.limits.compute import applied, of_positives
from negmine.stages.filter.risk.hiding import SEED
from negmine.stages.filter.tasks import positive_scores

HIDE = 0.5
SELECTION = ("num_negatives", "order", "sampling", "pool", "seed")


def shaping(context: Context, rules_shaping: dict[str, Any]) -> dict[str, Any]:
    """Return what shapes the limits; a budget also depends on the other rules and on the selection."""
    rules = context.config.filter
    asked = {name: getattr(rules, name) for name in ("score", "relative_margin", "max_percentile")}
    if rules.max_leak is None:
        return asked
    write = context.config.write.model_dump(mode="json")
    selection = {name: write[name] for name in SELECTION}
    return {**asked, "max_leak": rules.max_leak, **rules_shaping, **selection}


def limits(context: Context) -> Stream:
    """A row per limit that depends on the data; how a budget was met is in the stats."""
    stats: dict[str, Any] = {}

    def tables() -> Iterator[pa.Table]:
        rules = context.config.filter
        scores = positive_scores(context, str(rules.score)).collect()["score"]
        found = of_positives(rules, scores)
        if rules.max_leak is not None:
            name, values = knob(applied(rules, found), context.config.given.filter.max_risk)
            try:
                cells = sweep_of(context, {name: values}, HIDE, SEED, budget_chosen=False)
            except InputError as error:
                raise GateNotMet(f"--max-leak {rules.max_leak}: {error}", "max_leak") from error
            best = chosen(name, cells, rules.max_leak)
            stats.update(best, budget=rules.max_leak, hide=HIDE, seed=SEED)
            found[name] = best[name]
            context.progress.note(
                f"--max-leak {rules.max_leak}: {name.replace('_', '-')} {best[name]:g}, measured leak "
                f"{best['leak']:.4f} (at most {best['leak_high']:.4f}), yield {best['yield']:.2f}"
            )
        stats.update(found)
        rows = {"setting": list(found), "value": list(found.values())}
        yield table(pl.DataFrame(rows, schema={"setting": pl.String, "value": pl.Float64}), LIMITS)

    return Stream(tables(), lambda: stats)
