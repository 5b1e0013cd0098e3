"""Doors of the limits that depend on the data: `auto`, percentiles, and the budget of a leak."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.config.effective import effective_rules
from negmine.data.frames import table
from negmine.data.schemas import LIMITS
from negmine.engine.tasks import Stream
from negmine.errors import GateNotMet, InputError
from negmine.stages.context import VERDICTS, House
from negmine.stages.filter.leak.budget import chosen, knob
from negmine.stages.filter.leak.measure import sweep_of
from negmine.stages.filter.limits.compute import applied, of_positives
from negmine.stages.filter.risk.hiding import SEED
from negmine.stages.filter.tasks import positive_scores

HIDE = 0.5
SELECTION = ("num_negatives", "order", "sampling", "pool", "seed")


def settings_of(house: House, cheap: dict[str, Any]) -> dict[str, Any]:
    """Return what shapes the limits; a budget also depends on the other rules and on the selection."""
    rules = effective_rules(house.settings)
    asked = {name: getattr(rules, name) for name in ("score", "relative_margin", "max_percentile")}
    if rules.max_leak is None:
        return asked
    write = house.settings.write.model_dump(mode="json")
    selection = {name: write[name] for name in SELECTION}
    return {**asked, "max_leak": rules.max_leak, **cheap, **selection}


def limits(house: House) -> Stream:
    """A row per limit that depends on the data; how a budget was met is in the stats."""
    stats: dict[str, Any] = {}

    def tables() -> Iterator[pa.Table]:
        rules = effective_rules(house.settings)
        scores = positive_scores(house, str(rules.score)).collect()["score"]
        found = of_positives(rules, scores)
        if rules.max_leak is not None:
            name, values = knob(applied(rules, found), house.settings.filter.max_risk)
            try:
                cells = sweep_of(house, {name: values}, HIDE, SEED)
            except InputError as error:
                raise GateNotMet(f"--max-leak {rules.max_leak}: {error}", "max_leak") from error
            best = chosen(name, cells, rules.max_leak)
            stats.update(best, budget=rules.max_leak, hide=HIDE, seed=SEED)
            found[name] = best[name]
            house.progress.note(
                f"--max-leak {rules.max_leak}: {name.replace('_', '-')} {best[name]:g}, measured leak "
                f"{best['leak']:.4f} (at most {best['leak_high']:.4f}), yield {best['yield']:.2f}"
            )
        stats.update(found)
        rows = {"setting": list(found), "value": list(found.values())}
        yield table(pl.DataFrame(rows, schema={"setting": pl.String, "value": pl.Float64}), LIMITS)

    return Stream(tables(), lambda: stats)


def check_gates(house: House) -> None:
    """Raise GateNotMet where verdicts leave too few negatives, or drop too many candidates."""
    rules, wanted = house.settings.filter, house.settings.write.num_negatives
    if (rules.min_yield is None and rules.max_dropped is None) or not house.work.manifest(VERDICTS):
        return
    kept = house.work.scan(VERDICTS).group_by("query_id").agg(pl.col("kept").sum()).collect()
    got = float((kept["kept"].clip(upper_bound=wanted) / wanted).mean() or 0.0)  # type: ignore[arg-type]
    stats = house.work.require(VERDICTS).stats
    candidates = stats["candidates"] - stats["removed"].get("is_positive", 0)
    dropped = 1 - stats["kept"] / candidates if candidates else 0.0
    if rules.min_yield is not None and got < rules.min_yield:
        raise GateNotMet(
            f"--min-yield {rules.min_yield}: only {got:.3f} of {wanted} negatives a query are there. "
            "Raise --k, use milder rules, or ask for fewer --num-negatives."
        )
    if rules.max_dropped is not None and dropped > rules.max_dropped:
        raise GateNotMet(
            f"--max-dropped {rules.max_dropped}: the rules drop {dropped:.3f} of the candidates. "
            f"See which: {_most(stats['removed'])}."
        )


def _most(removed: dict[str, int]) -> str:
    told = [f"{name} {count:,}" for name, count in removed.items() if name != "is_positive"]
    return ", ".join(told[:3]) or "none"
