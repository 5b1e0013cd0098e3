"""Doors of the windows `leak` and `sweep`: trials, scored and decided as the house would."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.effective import effective_rules
from negmine.config.settings import FilterSettings
from negmine.data.frames import frame
from negmine.errors import InputError
from negmine.stages.context import QRELS, House
from negmine.stages.filter import compute as room
from negmine.stages.filter.leak.counts import Counts, bucket_name, by_rank
from negmine.stages.filter.leak.grid import Grid
from negmine.stages.filter.leak.rulesets import ALL, rulesets
from negmine.stages.filter.leak.sweep import Sweep
from negmine.stages.filter.leak.trial import Trial
from negmine.stages.filter.limits import compute as limits
from negmine.stages.filter.risk import blend as learned
from negmine.stages.filter.risk import signals
from negmine.stages.filter.risk.hiding import Hide
from negmine.stages.filter.risk.tasks import learn
from negmine.stages.filter.tasks import Keys, positive_scores, without_judge

BLIND = (
    "A lower bound: relevant documents that nobody judged are not counted. A query with one positive has none "
    "to hide. Hidden positives were once judged; documents that nobody looked at may be harder to tell."
)


class Scored:
    """A trial with the risk that each of its candidates would have had, and its verdicts."""

    def __init__(self, house: House, hide: Hide, seed: int) -> None:
        self.house, self.seed = house, seed
        self.trial = Trial(house, hide, seed)
        if not len(self.trial.queries):
            raise InputError(
                "No query has two positives, so none can be hidden and no leak can be measured. "
                "Use --qrels with more judgements, or a judge (negmine judge-check)."
            )
        self._keys = Keys(house)
        self._scorers = [name for name in self.trial.opinions if name in house.scorers]

    @cached_property
    def rules(self) -> FilterSettings:
        """The house's rules without the judge, `auto` and percentiles taken from what is not hidden."""
        return limits.applied(without_judge(effective_rules(self.house.settings)), self._limits)

    @cached_property
    def _limits(self) -> dict[str, float]:
        rules = effective_rules(self.house.settings)
        if not limits.needed(rules):
            return {}
        scores = positive_scores(self.house, str(rules.score)).collect()
        left = scores.join(self.trial.pairs, on=["query_id", "doc_id"], how="anti")
        budget = rules.max_leak is not None and self.house.limits_chosen
        found = self.house.limits if budget else {}
        return found | limits.of_positives(rules, left["score"])

    @cached_property
    def _blends(self) -> list[learned.Blend] | None:
        if effective_rules(self.house.settings).max_risk is None:
            return None
        trial = Trial(self.house, unknown=self.trial.pairs)  # learned as if the hidden were unknown
        return learn(self.house, *trial.sample())

    @property
    def own_share(self) -> float | None:
        """How much the weights learned here count in the risk, where there is one."""
        if self._blends is None:
            return None
        return float(np.mean([blend.share for blend in self._blends]))

    def begin(self, name: str) -> None:
        """Say what is measured and on how many queries."""
        self.house.progress.begin(name)
        self.house.progress.total(len(self.trial.queries), "queries")

    def parts(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield part numbers and rows: what rules read, signals, `hidden` and `risk_score`."""
        for number in range(self.house.query_parts):
            rows = self.trial.part(number)
            if rows.height:
                risk = pl.Series("risk_score", self._risks(rows), pl.Float32)
                yield number, rows.with_columns(risk, limits.percentile_column(self._limits))
            self.house.progress.advance(rows["query_id"].n_unique())

    def _risks(self, rows: pl.DataFrame) -> NDArray[np.float64]:
        if self._blends is None:
            return np.zeros(rows.height)
        names = signals.names(self.trial.opinions)
        fold = learned.folds(rows["query_id"])
        _, risk = learned.out_of_fold(self._blends, rows.select(names).to_numpy(), fold, names)
        return risk

    def verdicts(self, number: int, rows: pl.DataFrame, rules: FilterSettings) -> pl.DataFrame:
        """Return the verdicts of a part under some rules, with `hidden` and the signals."""
        decided = frame(
            room.verdicts(
                rows,
                self._keys.corpus,
                self._keys.queries(number),
                rules,
                self.house.retrievers,
                self._scorers,
            )
        )
        extra = [name for name in rows.columns if name not in decided.columns]
        return decided.with_columns(rows.select(extra))


def leak(house: House, hide: Hide, seed: int, grid: Grid | None = None) -> dict[str, Any]:
    """Measure what every rule, and all together, would sell, catch and cost.

    With a grid also its `cells`, as `sweep_of` measures them, in the same walk over the parts.
    """
    scored = Scored(house, hide, seed)
    scored.begin("leak")
    swept = Sweep(grid, scored.rules, house.settings.write, seed) if grid else None
    write, opinions = house.settings.write, scored.trial.opinions
    chosen = rulesets(scored.rules)
    score = str(scored.rules.score)
    counts = {name: Counts(write, opinions, score, seed) for name in chosen}
    ranks = []
    for number, rows in scored.parts():
        for name, rules in chosen.items():
            verdicts = scored.verdicts(number, rows, rules)
            counts[name].add(verdicts)
            if name == ALL:
                ranks.append(by_rank(verdicts, house.retrievers, write))
        if swept is not None:
            swept.add(scored.verdicts(number, rows, swept.base))
    known = house.work.require(QRELS).stats["queries_mined"]
    return {
        "hide": hide,
        "seed": seed,
        "queries": len(scored.trial.queries),
        "queries_left_out": known - len(scored.trial.queries),
        "hidden": scored.trial.pairs.height,
        "rules": [
            {"rules": name, **counts[name].summary(), **counts[name].fates()} for name in chosen
        ],
        **counts[ALL].fates(),
        "by_rank": _bucketed(pl.concat(ranks)),
        "notes": _notes(house, scored),
        **({} if swept is None else {"cells": swept.table()}),
    }


def _notes(house: House, scored: Scored) -> list[str]:
    """Return what the measure cannot see."""
    notes = [BLIND]
    if scored.own_share is not None:
        notes.append(
            f"The risk was learned anew without the hidden positives: {scored.own_share:.0%} of its weight "
            "rests on this run's positives, the rest on what ships with negmine."
        )
    if house.settings.filter.max_leak is not None and not house.limits_chosen:
        notes.append("--max-leak is not in force here: what it would choose is not made yet.")
    if house.judge is not None:
        notes.append("The judge is not measured: it was not asked about hidden positives.")
    return notes


def _bucketed(rows: pl.DataFrame) -> list[dict[str, Any]]:
    total = rows.group_by("retriever", "bucket").sum().sort("retriever", "bucket")
    named = total.with_columns(
        ranks=pl.Series([bucket_name(bucket) for bucket in total["bucket"]], dtype=pl.String)
    )
    return named.select("retriever", "ranks", "candidates", "hidden", "selected", "sold").to_dicts()


def sweep_of(house: House, grid: Grid, hide: Hide, seed: int) -> pl.DataFrame:
    """Measure every cell of a grid (see measure/sweep.py): a row per cell."""
    scored = Scored(house, hide, seed)
    scored.begin("sweep")
    swept = Sweep(grid, scored.rules, house.settings.write, seed)
    for number, rows in scored.parts():
        swept.add(scored.verdicts(number, rows, swept.base))
    return swept.table()
