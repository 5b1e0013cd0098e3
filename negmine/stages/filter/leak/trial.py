"""A trial: the finished tables as they would be with some positives unknown.

What the risk is learned from and what a leak is measured on. Nothing is scored again: scores do not
depend on who is known, only anchors, features and pools do.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.fusion import fusion_of
from negmine.data.frames import frame
from negmine.data.hashing import name_hashes
from negmine.data.schemas import GENERATED, PARTLY_RELEVANT, POSITIVE
from negmine.engine.context import Context
from negmine.scorers import registry
from negmine.stages.filter.compute import gathered
from negmine.stages.filter.features.compute import features
from negmine.stages.filter.features.tasks import Known
from negmine.stages.filter.risk import signals
from negmine.stages.filter.risk.blend import folds
from negmine.stages.filter.risk.hiding import SEED, Hide, as_if_hidden, hidden
from negmine.storage.labels import labelled_pairs

MOST_QUERIES = 4000  # to learn from; more change no weight that matters


class Trial:
    """The queries that hide positives, part by part.

    Only positives of the qrels are hidden. One that `negmine label` named was asked about because of its
    scores, so hidden positives of that kind would be easier to tell than those that nobody knows: the risk
    would learn to be sure, and the leak would come out too low.

    unknown: query_id, doc_id of positives that are hidden before: nobody learns from them. learning: only the
    risk is learned from it, so features that no signal reads are not made.
    """

    def __init__(
        self,
        context: Context,
        hide: Hide = 0.5,
        seed: int = SEED,
        unknown: pl.DataFrame | None = None,
        learning: bool = False,
    ) -> None:
        self._context, self._hide, self._seed, self._unknown = context, hide, seed, unknown
        self._known = Known(context, self._not_known, learning)
        self.part = lru_cache(maxsize=1)(self._part)
        self.evidence = signals.evidence_of(context.config)

    @cached_property
    def pairs(self) -> pl.DataFrame:
        """query_id, doc_id of the hidden positives."""
        positives = self._context.queries.all_positives()
        labelled = labelled_pairs(self._context.work)
        positives = positives.join(labelled, on=["query_id", "doc_id"], how="anti")
        if self._unknown is not None:
            positives = positives.join(self._unknown, on=["query_id", "doc_id"], how="anti")
        return hidden(positives, self._hide, self._seed)

    @property
    def _not_known(self) -> pl.DataFrame:
        return self.pairs if self._unknown is None else pl.concat([self._unknown, self.pairs])

    @cached_property
    def queries(self) -> pl.Series:
        """The query_id of every query that hides something."""
        return self.pairs["query_id"].unique(maintain_order=True)

    def _part(self, number: int) -> pl.DataFrame:
        """Return a part's rows: candidates' columns, scorers' scores, features, signals, `hidden`."""
        context = self._context
        rows = as_if_hidden(
            scored_candidates(context, self.evidence, number, self.queries),
            self._not_known,
            context.config.retriever_names,
            context.config.retrieve.k,
            fusion_of(context.config),
        )
        depth = context.config.rerank.rerank_depth
        if depth is not None and "rerank" in self.evidence.scores:
            unseen = pl.col("hidden") & (pl.col("rank") > depth)
            rows = rows.with_columns(rerank_score=pl.when(~unseen).then("rerank_score"))
        if self._unknown is not None:
            before = self._unknown.with_columns(before=True)
            marked = rows.join(before, on=["query_id", "doc_id"], how="left", maintain_order="left")
            rows = rows.with_columns(hidden=rows["hidden"] & marked["before"].is_null())
        columns = frame(features(rows, self._known.columns(rows, number)))
        return signals.with_signals(gathered(rows, columns, {}), self.evidence)

    def sample(self) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
        """Return signals [rows, names], hidden [rows], fold [rows] of the candidates to learn from."""
        signal_names = signals.names(self.evidence)
        chosen = self._chosen
        parts = []
        for number in range(self._context.queries.parts()):
            rows = self.part(number).filter(~pl.col("label").is_in([POSITIVE, PARTLY_RELEVANT]))
            rows = rows.join(chosen, on="query_id", how="semi", maintain_order="left")
            parts.append(rows.select("query_id", "hidden", *signal_names))
        rows = pl.concat(parts)
        values = rows.select(signal_names).to_numpy().astype(np.float64)
        return values, rows["hidden"].to_numpy(), folds(rows["query_id"])

    @cached_property
    def _chosen(self) -> pl.DataFrame:
        order = name_hashes(self.queries, self._seed)
        drawn = self.queries.to_frame("query_id").with_columns(order=order).sort("order")
        return drawn.head(MOST_QUERIES).select("query_id")


def scored_candidates(
    context: Context, evidence: signals.Evidence, number: int, queries: pl.Series
) -> pl.DataFrame:
    """Return a part of `candidates` with the scores of `evidence`, of these queries alone."""
    artifacts = registry.scorers(context.config)
    scores = {
        f"{name}_score": context.work.read(artifacts[name], number, ["score"])["score"]
        for name in evidence.scores
        if name in artifacts
    }
    rows = context.work.read(context.candidates, number).with_columns(**scores)
    wanted = queries.to_frame("query_id")
    rows = rows.filter(pl.col("label") != GENERATED)  # no retriever would have found it
    return rows.join(wanted, on="query_id", how="semi", maintain_order="left")
