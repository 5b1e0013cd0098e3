"""Measure the leak: trials that hide known positives, scored and decided as the run would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from negmine.config.settings import FilterSettings
from negmine.data.frames import frame
from negmine.data.schemas import JUDGED_NEGATIVE
from negmine.engine.context import Context
from negmine.errors import InputError
from negmine.scorers import registry
from negmine.stages.filter import compute
from negmine.stages.filter.contamination.dropped import Dropped
from negmine.stages.filter.leak.counts import Counts, bucket_name, by_rank, depth
from negmine.stages.filter.leak.grid import Grid
from negmine.stages.filter.leak.rulesets import ALL, rulesets
from negmine.stages.filter.leak.sweep import Sweep
from negmine.stages.filter.leak.trial import Trial
from negmine.stages.filter.limits import compute as limits
from negmine.stages.filter.limits.read import read_limits
from negmine.stages.filter.risk import blend as learned
from negmine.stages.filter.risk import signals
from negmine.stages.filter.risk.hiding import Hide
from negmine.stages.filter.risk.tasks import learn, risk_of
from negmine.stages.filter.tasks import Keys, positive_scores, without_judge
from negmine.stages.write.depth import too_easy
from negmine.stages.write.selecting import selection_of
from negmine.storage.layout import QRELS

BLIND = (
    "A lower bound: relevant documents that nobody judged are not counted. A query with one positive has none "
    "to hide. Hidden positives were once judged; documents that nobody looked at may be harder to tell."
)


class Scored:
    """A trial with the risk that each of its candidates would have had, and its verdicts."""

    def __init__(self, context: Context, hide: Hide, seed: int, budget_chosen: bool) -> None:
        self.context, self.seed, self._budget_chosen = context, seed, budget_chosen
        artifacts = registry.scorers(context.config)
        self.trial = Trial(context, hide, seed)
        if not len(self.trial.queries):
            raise InputError(
                "No query has two positives, so none can be hidden and no leak can be measured. "
                "Use --qrels with more judgements, or a judge (negmine judge-check)."
            )
        self._keys, self._dropped = Keys(context), Dropped(context)
        self._scorers = [name for name in self.trial.evidence.scores if name in artifacts]

    @cached_property
    def rules(self) -> FilterSettings:
        """The rules in force without the judge, `auto` and percentiles taken from what is not hidden."""
        return limits.applied(without_judge(self.context.config.filter), self._limits)

    @cached_property
    def _limits(self) -> dict[str, float]:
        rules = self.context.config.filter
        if not limits.needed(rules):
            return {}
        scores = positive_scores(self.context, str(rules.score)).collect()
        left = scores.join(self.trial.pairs, on=["query_id", "doc_id"], how="anti")
        budget = rules.max_leak is not None and self._budget_chosen
        chosen = read_limits(self.context) if budget else {}
        return chosen | limits.of_positives(rules, left["score"])

    @cached_property
    def _blends(self) -> list[learned.Blend] | None:
        if self.context.config.filter.max_risk is None:
            return None
        # learned as if the hidden were unknown
        trial = Trial(self.context, unknown=self.trial.pairs, learning=True)
        return learn(self.context, *trial.sample())

    @property
    def own_share(self) -> float | None:
        """How much the weights learned here count in the risk, where there is one."""
        if self._blends is None:
            return None
        return float(np.mean([blend.share for blend in self._blends]))

    def begin(self, name: str) -> None:
        """Say what is measured and on how many queries."""
        self.context.progress.begin(name)
        self.context.progress.total(len(self.trial.queries), "queries")

    def parts(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield part numbers and rows: what rules read, signals, `hidden` and `risk_score`."""
        for number in range(self.context.queries.parts()):
            rows = self.trial.part(number)
            if rows.height:
                percentile = limits.percentile_column(self._limits)
                columns = (self._risks(rows), self._dropped.column(rows), percentile)
                yield number, rows.with_columns(columns)
            self.context.progress.advance(rows["query_id"].n_unique())

    def _risks(self, rows: pl.DataFrame) -> pl.Series:
        if self._blends is None:
            return pl.repeat(0, rows.height, dtype=pl.Float32, eager=True).alias("risk_score")
        return risk_of(self._blends, rows, signals.names(self.trial.evidence))

    def verdicts(self, number: int, rows: pl.DataFrame, rules: FilterSettings) -> pl.DataFrame:
        """Return the verdicts of a part under some rules, with `hidden` and the signals."""
        decided = frame(
            compute.verdicts(
                rows,
                self._keys.corpus,
                self._keys.queries(number),
                rules,
                self.context.config.retriever_names,
                self._scorers,
            )
        )
        extra = [name for name in rows.columns if name not in decided.columns]
        return decided.with_columns(rows.select(extra))


def leak(
    context: Context, hide: Hide, seed: int, budget_chosen: bool, grid: Grid | None = None
) -> dict[str, Any]:
    """Measure what every rule, and all together, would leak, catch and cost.

    With a grid also its `cells`, as `sweep_of` measures them, in the same walk over the parts.
    """
    scored = Scored(context, hide, seed, budget_chosen)
    scored.begin("leak")
    selection, scores = selection_of(context, scored.rules), scored.trial.evidence.scores
    swept = Sweep(grid, scored.rules, selection, seed) if grid else None
    chosen = rulesets(scored.rules)
    score = str(scored.rules.score)
    counts = {name: Counts(selection, scores, score, seed) for name in chosen}
    ranks, depths = [], []
    for number, rows in scored.parts():
        _add_judged(scored, number, rows, chosen, counts)
        for name, rules in chosen.items():
            verdicts = scored.verdicts(number, rows, rules)
            counts[name].add(verdicts)
            if name == ALL:
                ranks.append(by_rank(verdicts, context.config.retriever_names, selection))
                depths.append(depth(verdicts, context.config.retriever_names, selection))
        if swept is not None:
            swept.add(scored.verdicts(number, rows, swept.base))
    mined = context.work.require(QRELS).stats["queries_mined"]
    return {
        "hide": hide,
        "seed": seed,
        "queries": len(scored.trial.queries),
        "queries_left_out": mined - len(scored.trial.queries),
        "hidden": scored.trial.pairs.height,
        "rules": [
            {"rules": name, **counts[name].summary(), **counts[name].fates()} for name in chosen
        ],
        **counts[ALL].fates(),
        "by_rank": _bucketed(pl.concat(ranks)),
        "notes": [*_notes(context, scored, budget_chosen), *_easy(depths)],
        **({} if swept is None else {"cells": swept.table()}),
    }


def _add_judged(
    scored: Scored,
    number: int,
    rows: pl.DataFrame,
    chosen: Mapping[str, FilterSettings],
    counts: Mapping[str, Counts],
) -> None:
    """Count what each rule would do to judged negatives of a part, if nobody had judged them."""
    judged = rows.filter((pl.col("label") == JUDGED_NEGATIVE).any().over("query_id"))
    if judged.is_empty():
        return
    for name, rules in chosen.items():
        blind = rules.model_copy(update={"judged_negatives": "ignore"})
        counts[name].add_judged(scored.verdicts(number, judged, blind))


def _notes(context: Context, scored: Scored, budget_chosen: bool) -> list[str]:
    """Return what the measure cannot see."""
    notes = [BLIND]
    if scored.own_share is not None:
        notes.append(
            f"The risk was learned anew without the hidden positives: {scored.own_share:.0%} of its weight "
            "rests on this run's positives, the rest on what ships with negmine."
        )
    if context.config.filter.max_leak is not None and not budget_chosen:
        notes.append("--max-leak is not in force here: what it would choose is not made yet.")
    if context.config.write.max_reuse is not None:
        notes.append(
            "--max-reuse is not measured: it depends on all queries, and here are those that hide positives."
        )
    if registry.judge(context.config) is not None:
        notes.append("The judge is not measured: it was not asked about hidden positives.")
    return notes


def _easy(depths: Sequence[tuple[int, int]]) -> list[str]:
    """Return a sentence where most negatives are easy. depths: of each part, see counts.depth."""
    negatives, deep = (sum(counts) for counts in zip(*depths, strict=True))
    easy = too_easy(negatives, deep)
    return [] if easy is None else [easy]


def _bucketed(rows: pl.DataFrame) -> list[dict[str, Any]]:
    total = rows.group_by("retriever", "bucket").sum().sort("retriever", "bucket")
    named = total.with_columns(
        ranks=pl.Series([bucket_name(bucket) for bucket in total["bucket"]], dtype=pl.String)
    )
    return named.select(
        "retriever", "ranks", "candidates", "hidden", "selected", "leaked"
    ).to_dicts()


def sweep_of(
    context: Context, grid: Grid, hide: Hide, seed: int, budget_chosen: bool
) -> pl.DataFrame:
    """Measure every cell of a grid (see leak/sweep.py): a row per cell."""
    scored = Scored(context, hide, seed, budget_chosen)
    scored.begin("sweep")
    swept = Sweep(grid, scored.rules, selection_of(context, scored.rules), seed)
    for number, rows in scored.parts():
        swept.add(scored.verdicts(number, rows, swept.base))
    return swept.table()
