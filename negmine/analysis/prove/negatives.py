"""What a recipe gives each training query, as if the tested queries and their documents were not there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.data.frames import frame
from negmine.engine.context import Context
from negmine.scorers import registry
from negmine.stages.filter import compute
from negmine.stages.filter.contamination.dropped import Dropped
from negmine.stages.filter.features.compute import features
from negmine.stages.filter.features.tasks import Known
from negmine.stages.filter.leak.trial import Trial, scored_candidates
from negmine.stages.filter.limits import compute as limits
from negmine.stages.filter.limits.read import read_limits
from negmine.stages.filter.risk import blend as learned
from negmine.stages.filter.risk import signals
from negmine.stages.filter.risk.tasks import learn, risk_of
from negmine.stages.filter.tasks import Keys, positive_scores
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.selecting import selection_of
from negmine.stages.write.selection import selected


def negatives(context: Context, relevant: pl.DataFrame) -> pl.DataFrame:
    """Return query_id, doc_id of the negatives of every training query, best first.

    context: of the recipe. relevant: query_id, doc_id of the tested queries. The risk, limits and features are
    made without these labels. None of these documents is a negative: as they are no positives in training, the
    student would only learn to push them away, and the test would punish every recipe that has negatives.
    """
    recipe = _Recipe(context, relevant)
    parts = range(context.queries.parts())
    return pl.concat([recipe.negatives(number) for number in parts])


class _Recipe:
    """A recipe's rules with all that they read, opened once."""

    def __init__(self, context: Context, relevant: pl.DataFrame) -> None:
        self._context, self._unknown = context, relevant
        positives = context.queries.all_positives()
        self._left = positives.join(self._unknown, on="query_id", how="anti")
        self._queries = self._left["query_id"].unique()
        self._known = Known(context, self._unknown)
        self._evidence = signals.evidence_of(context.config)
        self._keys, self._dropped = Keys(context), Dropped(context)

    def negatives(self, number: int) -> pl.DataFrame:
        """Return query_id, doc_id of a part's negatives."""
        rows = self._rows(number)
        if rows.is_empty():
            return rows.select("query_id", "doc_id")
        config = self._context.config
        decided = frame(
            compute.verdicts(
                rows.with_columns(
                    limits.percentile_column(self._limits), self._dropped.column(rows)
                ),
                self._keys.corpus,
                self._keys.queries(number),
                self._rules,
                config.retriever_names,
                self._scorers,
            )
        )
        chosen = selected(decided, self._selection)
        return chosen.select("query_id", "doc_id")

    def _rows(self, number: int) -> pl.DataFrame:
        rows = scored_candidates(self._context, self._evidence, number, self._queries)
        rows = rows.join(self._unknown, on="doc_id", how="anti", maintain_order="left")
        if rows.is_empty():
            return rows
        known = frame(features(rows, self._known.columns(rows, number)))
        gathered = compute.gathered(rows, known, {}, self._judged(rows, number))
        with_signals = signals.with_signals(gathered, self._evidence)
        if self._blends is None:
            return with_signals
        risk = risk_of(self._blends, with_signals, signals.names(self._evidence))
        return with_signals.with_columns(risk)

    def _judged(self, rows: pl.DataFrame, number: int) -> pl.Series | None:
        """Return what the judge answered of each row, where there is a judge."""
        artifact = registry.judge(self._context.config)
        if artifact is None:
            return None
        answers = self._context.work.read(artifact, number, ["query_id", "doc_id", "judge_verdict"])
        keys = rows.select("query_id", "doc_id")
        joined = keys.join(answers, on=["query_id", "doc_id"], how="left", maintain_order="left")
        return joined["judge_verdict"]

    @property
    def _scorers(self) -> Sequence[str]:
        """Return the column prefixes of the scorers that `_rows` has scores of."""
        own = [name for name in self._context.config.scorers if name in self._evidence.scores]
        return own if self._blends is None else [*own, "risk"]

    @property
    def _rules(self) -> FilterSettings:
        return limits.applied(self._context.config.filter, self._limits)

    @cached_property
    def _selection(self) -> Selection:
        return selection_of(self._context, self._rules)

    @cached_property
    def _limits(self) -> dict[str, float]:
        """Return what `auto` and percentiles come to without the tested queries, and what a budget chose."""
        rules = self._context.config.filter
        if not limits.needed(rules):
            return {}
        scores = positive_scores(self._context, str(rules.score)).collect()
        left = scores.join(self._left, on=["query_id", "doc_id"], how="semi")
        chosen = {} if rules.max_leak is None else read_limits(self._context)
        return chosen | limits.of_positives(rules, left["score"])

    @cached_property
    def _blends(self) -> list[learned.Blend] | None:
        if self._context.config.filter.max_risk is None:
            return None
        trial = Trial(self._context, unknown=self._unknown, learning=True)
        return learn(self._context, *trial.sample())
