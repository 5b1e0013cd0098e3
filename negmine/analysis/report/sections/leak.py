"""The leak as the report has it: of every rule, and its curve over the threshold that matters most."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from negmine.analysis.report.sections.base import Part, Section, Source, rounded
from negmine.config.settings import FilterSettings
from negmine.engine.status import FRESH
from negmine.errors import InputError, MissingArtifact
from negmine.stages.filter.leak import measure
from negmine.storage.layout import LIMITS

POINTS = 21
HIDE = 0.5


class LeakRule(Part):
    """The leak under no rule, one rule alone, or all rules."""

    rules: str = Field(description="which")
    leak: float | None = Field(description="hidden positives among the negatives / negatives")
    leak_low: float | None = Field(description="lower end of its 95 % interval")
    leak_high: float | None = Field(description="upper end")
    got: float | None = Field(description="negatives got / asked for (the yield)")
    hardness: float | None = Field(description="sum of scores / sum of anchors")
    leaked: int = Field(description="hidden positives among the negatives")
    selected: int = Field(description="negatives")


class LeakPoint(Part):
    """The leak of all rules with one threshold moved."""

    value: float = Field(description="of the threshold")
    leak: float | None = Field(description="hidden positives among the negatives / negatives")
    leak_low: float | None = Field(description="lower end of its 95 % interval")
    leak_high: float | None = Field(description="upper end")
    got: float = Field(description="negatives got / asked for (the yield)")
    hardness_z: float | None = Field(description="mean z-score of the negatives in their pools")


class LeakRank(Part):
    """Hidden positives by the retriever that found them again, and by its ranks."""

    retriever: str = Field(description="its name")
    ranks: str = Field(description="as 6-10, or over 100")
    candidates: int = Field(description="candidates at these ranks, hidden positives among them")
    hidden: int = Field(description="hidden positives among them")
    selected: int = Field(description="negatives among them")
    leaked: int = Field(description="hidden positives among the negatives")


class Leak(Part):
    """How many negatives are known positives that were hidden (docs/how-to/measure-the-leak.md)."""

    hide: float = Field(description="share of a query's positives that is hidden")
    seed: int = Field(description="of the draw of hidden positives")
    queries: int = Field(description="queries that hide something")
    queries_left_out: int = Field(description="queries with one positive")
    hidden: int = Field(description="hidden positives")
    hidden_found: int = Field(description="of those, found again by a retriever")
    rules: list[LeakRule] = Field(description="no rule, each rule alone, all rules")
    by_rank: list[LeakRank] = Field(description="all rules, by retriever and its ranks")
    setting: str = Field(description="the threshold that the curve moves")
    current: float | None = Field(description="its value in this run")
    curve: list[LeakPoint] = Field(description="by value")
    notes: list[str] = Field(description="what the measure cannot see")


def grid(rules: FilterSettings) -> tuple[str, list[float], float | None]:
    """Return the threshold that the curve moves, its values, and the one that is in force.

    max_risk from 0.001 to 1, evenly in logarithms, where there is a risk; else relative_margin from 0 to 0.5.
    """
    if rules.max_risk is not None:
        values = [float(f"{v:.3g}") for v in np.geomspace(0.001, 1, POINTS)]
        return "max_risk", sorted({*values, rules.max_risk}), rules.max_risk
    values = [round(float(v), 4) for v in np.linspace(0, 0.5, POINTS)]
    margin = rules.relative_margin
    current = float(margin) if isinstance(margin, int | float) else None
    return "relative_margin", sorted({*values, *([] if current is None else [current])}), current


def as_leak(measured: dict[str, Any], setting: str, current: float | None) -> Leak:
    """Return the leak. measured: of stages/filter/leak/measure.leak, with a sweep's cells over `setting`."""
    return Leak(
        **{name: measured[name] for name in _SAME},
        rules=[
            LeakRule(got=row["yield"], **{name: row[name] for name in _OF_RULE})
            for row in measured["rules"]
        ],
        by_rank=[LeakRank(**row) for row in measured["by_rank"]],
        setting=setting,
        current=current,
        curve=[
            LeakPoint(
                value=row[setting],
                got=rounded(row["yield"]) or 0.0,
                **{name: rounded(row[name]) for name in _OF_POINT},
            )
            for row in measured["cells"].sort(setting).iter_rows(named=True)
        ],
    )


_SAME = ("hide", "seed", "queries", "queries_left_out", "hidden", "hidden_found", "notes")
_OF_RULE = ("rules", "leak", "leak_low", "leak_high", "hardness", "leaked", "selected")
_OF_POINT = ("leak", "leak_low", "leak_high", "hardness_z")


def _build(source: Source) -> Leak | None:
    """Measure the leak and its curve; None, and the reason as the next key, where that cannot be."""
    source.values["_skipped"] = "--no-leak was given."
    if not source.leak:
        return None
    chosen = any(s.artifact.name == LIMITS and s.state == FRESH for s in source.states)
    try:
        name, values, current = grid(source.about.rules)
        measured = measure.leak(source.context, HIDE, source.about.seed, chosen, {name: values})
    except (InputError, MissingArtifact) as error:
        source.values["_skipped"] = str(error)
        return None
    source.values["_skipped"] = None
    return as_leak(measured, name, current)


LEAK = Section(_build)
LEAK_SKIPPED = Section(lambda source: source.values["_skipped"])
