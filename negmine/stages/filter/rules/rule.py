"""What a rule is, and what it can read.

A rule's entry in the table says everything about it. What other modules know of rules follows from the
entry: the reasons, the settings that shape verdicts, the features to make, the rows of `leak`, the grids
of `sweep`, the thresholds in the report, and the sections of docs/reference/reasons.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.data.schemas import JUDGED_NEGATIVE
from negmine.scorers.judge.base import NOT_RELEVANT
from negmine.stages.filter.limits.compute import AUTO, applied
from negmine.stages.filter.risk.signals import LIKENESS, OF_VECTORS

Expression = Callable[[FilterSettings], pl.Expr | None]
Stricter = Literal["lower", "higher"]

# What a rule can need beside the columns of `candidates`. A feature is called as its column.
SCORE = "deciding score"  # the column `<score>_score`, where `score` is what --score names
ANCHOR = "positive_score"  # of such scores of the query's positives, the one that --anchor says
PERCENTILE = "percentile_limit"
RISK, GUIDE, JUDGE = "risk", "guide", "judge"  # as scorers are called; a second guide is guide_2
SIGNALS = "signals"  # every column of risk/signals.py
SIMILARITIES = (*LIKENESS, *OF_VECTORS)  # the features that signals, and so the risk, are made of


@dataclass(frozen=True, eq=False)
class Rule:
    """One reason why a candidate is not used.

    name: the reason in `verdicts`. settings: fields of `FilterSettings` that switch the rule on or shape
    it; they belong to the fingerprint of `verdicts`. expression: true where the rule fires; None where
    the rule is off. models: settings that name the models or files whose opinion the rule reads; the
    artifacts made from these have them in their fingerprint. needs: what the rule reads (see above).
    sweepable: the settings that `sweep` can vary, and which value of each drops more. lines: settings that are
    a value of the score that the rule reads; the report draws a line there. suspects: the rule guesses that the
    document is relevant, so it does not drop what was judged not relevant (`passed`). off: the settings that
    turn the rule off, where defaults leave it on. always_on: no setting turns the rule off.
    """

    name: str
    settings: tuple[str, ...]
    expression: Expression
    models: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    sweepable: Mapping[str, Stricter] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    off: Mapping[str, Any] = field(default_factory=dict)
    suspects: bool = False
    always_on: bool = False

    def is_on(self, settings: FilterSettings) -> bool:
        """Tell whether the rule is on. `auto`, which becomes a number later, counts as a number."""
        if settings.relative_margin == AUTO:
            settings = applied(settings, {"relative_margin": 0.0})
        return self.expression(settings) is not None


def passed(settings: FilterSettings) -> pl.Expr:
    """Return where rules that suspect do not count: people, or else the judge, said that it is not relevant."""
    if settings.judged_negatives == "ignore":
        return pl.lit(False)
    judged = pl.col("judge_verdict") == NOT_RELEVANT
    return (pl.col("label") == JUDGED_NEGATIVE) | judged.fill_null(False)


def float32(value: float) -> pl.Expr:
    """Return a limit as scores are stored: sums and comparisons are in float32."""
    return pl.lit(value, pl.Float32)


def score_of(settings: FilterSettings) -> pl.Expr:
    """Return the column that thresholds read (`SCORE`)."""
    return pl.col(f"{settings.score}_score")
