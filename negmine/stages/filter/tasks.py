"""Tasks of stage 4: the verdicts, from candidates and all that lies row for row beside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import polars as pl
import pyarrow as pa

from negmine.config.settings import FilterSettings
from negmine.data.schemas import POSITIVE
from negmine.engine.context import Context
from negmine.engine.tasks import Parts
from negmine.scorers import registry
from negmine.stages.filter import compute
from negmine.stages.filter.contamination.dropped import Dropped
from negmine.stages.filter.limits.compute import applied, percentile_column
from negmine.stages.filter.limits.read import read_limits
from negmine.stages.filter.risk.signals import evidence_of, with_signals
from negmine.stages.filter.rules import SIGNALS, needed
from negmine.storage.layout import CORPUS, FEATURES, GENERATED, QUERIES


def verdicts(context: Context) -> Parts:
    """Every candidate with its verdict."""
    make = _verdicts(context, context.config.filter, registry.judge(context.config))
    return Parts(context.queries.parts(), make, threads=True)


def cheap_verdicts(context: Context) -> Callable[[int], pa.Table]:
    """Return what makes a part of the verdicts under every rule but the judge's."""
    return _verdicts(context, without_judge(context.config.filter), None)


def without_judge(rules: FilterSettings) -> FilterSettings:
    """Return the same rules without a judge."""
    return rules.model_copy(update={"judge_model": None, "judge_local": None})


def _verdicts(
    context: Context, rules: FilterSettings, judge: str | None
) -> Callable[[int], pa.Table]:
    keys = Keys(context)
    artifacts = registry.scorers(context.config)
    scorers = {name: one for name, one in artifacts.items() if name != "judge" or judge}
    limits = read_limits(context)
    evidence, dropped = evidence_of(context.config), Dropped(context)

    def make(part: int) -> pa.Table:
        scores = {
            name: context.work.read(artifact, part, ["score"])["score"]
            for name, artifact in scorers.items()
        }
        judged = context.work.read(judge, part, ["judge_verdict"]) if judge else None
        rows = compute.gathered(
            context.work.read(context.candidates, part),
            context.work.read(FEATURES, part),
            scores,
            None if judged is None else judged["judge_verdict"],
        )
        rows = rows.with_columns(percentile_column(limits), dropped.column(rows))
        if SIGNALS in needed(rules):
            rows = with_signals(rows, evidence)
        return compute.verdicts(
            rows,
            keys.documents(part),
            keys.queries(part),
            applied(rules, limits),
            context.config.retriever_names,
            list(scorers),
        )

    return make


class Keys:
    """Hashes of normalised texts: who has the same text as whom."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def corpus(self) -> pl.DataFrame:
        """doc_id, text_key, body_key of every document."""
        return self._context.work.scan(CORPUS).select("doc_id", "text_key", "body_key").collect()

    @cached_property
    def _with_written(self) -> pl.DataFrame:
        """`corpus`, and the same of every document that a model wrote."""
        return pl.concat([self.corpus, _written(self._context.work.scan(GENERATED)).collect()])

    def documents(self, part: int) -> pl.DataFrame:
        """Return `corpus`, and the same of written documents: of a part's queries or, if shared, of all."""
        work, config = self._context.work, self._context.config
        if config.shares_generated:
            return self._with_written
        if not config.generates:
            return self.corpus
        own = work.read(GENERATED, part, ["doc_id", "text_key"]).lazy()
        return pl.concat([self.corpus, _written(own).collect()])

    def queries(self, part: int) -> pl.DataFrame:
        """query_id, query_key of the queries of a part."""
        keys = self._context.work.read(QUERIES, part, ["query_id", "text_key"])
        return keys.rename({"text_key": "query_key"})


def _written(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return doc_id, text_key, body_key of written documents, which have no title. rows: of `documents`."""
    keys = rows.select("doc_id", "text_key", body_key="text_key")
    return keys.drop_nulls("doc_id")


def positive_scores(context: Context, score: str) -> pl.LazyFrame:
    """Return query_id, doc_id, score of every known positive by one retriever or scorer."""
    rows = context.work.scan(context.candidates)
    artifacts = registry.scorers(context.config)
    if score in artifacts:
        scored = context.work.scan(artifacts[score]).select("score")
        rows = pl.concat([rows.drop("score"), scored], how="horizontal")
    else:
        rows = rows.with_columns(score=pl.col(f"{score}_score"))
    return rows.filter(pl.col("label") == POSITIVE).select("query_id", "doc_id", "score")
