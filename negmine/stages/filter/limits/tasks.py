"""Tasks of the limits that depend on the data: `auto`, percentiles, and the budget of a leak; gates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.config.effective import MAX_RISK
from negmine.config.sampling import settings_in_use
from negmine.data.frames import table
from negmine.data.schemas import LIMITS
from negmine.engine.context import Context
from negmine.engine.tasks import Stream
from negmine.errors import GateNotMet, InputError
from negmine.stages.filter.leak.budget import chosen, knob
from negmine.stages.filter.leak.intervals import least_limit, negatives_needed
from negmine.stages.filter.leak.measure import sweep_of
from negmine.stages.filter.leak.trial import Trial
from negmine.stages.filter.limits.compute import applied, of_positives
from negmine.stages.filter.risk.hiding import SEED
from negmine.stages.filter.tasks import positive_scores

HIDE = 0.5


def shaping(context: Context, rules_shaping: dict[str, Any]) -> dict[str, Any]:
    """Return what shapes the limits; a budget also depends on the other rules and on the selection."""
    rules = context.config.filter
    thresholds = {
        name: getattr(rules, name) for name in ("score", "relative_margin", "max_percentile")
    }
    if rules.max_leak is None:
        return thresholds
    write = context.config.write
    selection = write.model_dump(mode="json", include=set(settings_in_use(write)))
    most = context.config.given.filter.max_risk
    given = {} if most is None else {"most_risk": most}
    return {**thresholds, "max_leak": rules.max_leak, **given, **rules_shaping, **selection}


def limits(context: Context) -> Stream:
    """A row per limit that depends on the data; how a budget was met is in the stats."""
    stats: dict[str, Any] = {}

    def tables() -> Iterator[pa.Table]:
        rules = context.config.filter
        scores = positive_scores(context, str(rules.score)).collect()["score"]
        values_by_setting = of_positives(rules, scores)
        if rules.max_leak is not None:
            _check_evidence(context, rules.max_leak)
            most = context.config.given.filter.max_risk
            name, values = knob(applied(rules, values_by_setting), most)
            try:
                cells = sweep_of(context, {name: values}, HIDE, SEED, budget_chosen=False)
            except InputError as error:
                raise GateNotMet(f"--max-leak {rules.max_leak}: {error}", "max_leak") from error
            best = chosen(name, cells, rules.max_leak)
            stats.update(best, budget=rules.max_leak, hide=HIDE, seed=SEED)
            values_by_setting[name] = best[name]
            context.progress.note(
                f"--max-leak {rules.max_leak}: {name.replace('_', '-')} {best[name]:g}, measured leak "
                f"{best['leak']:.4f} (at most {best['leak_high']:.4f}), yield {best['yield']:.2f}"
            )
            if most is None and name == "max_risk" and best[name] > MAX_RISK:
                context.progress.note(
                    f"--max-leak {rules.max_leak} allows more risk than the {MAX_RISK:g} that is the default "
                    f"without it, so more may leak: add --max-risk {MAX_RISK:g} to keep to that."
                )
        stats.update(values_by_setting)
        rows = {"setting": list(values_by_setting), "value": list(values_by_setting.values())}
        yield table(pl.DataFrame(rows, schema={"setting": pl.String, "value": pl.Float64}), LIMITS)

    return Stream(tables(), lambda: stats)


def _check_evidence(context: Context, budget: float) -> None:
    """Report how many measured negatives a budget needs; raise GateNotMet where there cannot be so many."""
    needed, wanted = negatives_needed(budget), context.config.write.num_negatives
    queries = len(Trial(context, HIDE, SEED).queries)
    most = queries * wanted
    at_hand = (
        f"{queries:,} queries have two or more positives, and give at most {most:,} with "
        f"--num-negatives {wanted}"
    )
    if most >= needed:
        context.progress.note(
            f"--max-leak {budget} needs {needed:,} measured negatives without a leak, and there can be enough: "
            f"{at_hand}"
        )
    elif queries:
        raise GateNotMet(
            f"--max-leak {budget} cannot be shown with this data: it needs {needed:,} measured negatives, even "
            f"if none of them leaks. {at_hand}: enough for --max-leak {_rounded_up(least_limit(most))}. Give "
            "that, or more queries with two or more positives.",
            "max_leak",
        )


def _rounded_up(share: float) -> float:
    return math.ceil(share * 1000) / 1000
