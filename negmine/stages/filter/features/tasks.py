"""Tasks of the features: what rules read beside scores, each made only where a rule needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.settings import FilterSettings
from negmine.data import schemas
from negmine.data.qrels import positives
from negmine.data.schemas import POSITIVE
from negmine.data.similarity import Likeness, centroid_similarity, likeness
from negmine.data.sources.columns import no_column
from negmine.data.texts import normalise
from negmine.engine.context import Context
from negmine.engine.tasks import Parts
from negmine.errors import InputError
from negmine.retrievers.base import VectorRetriever
from negmine.retrievers.registry import open_vectors
from negmine.stages.filter.features import compute
from negmine.stages.filter.features.generated import with_generated
from negmine.stages.filter.features.near import references
from negmine.stages.filter.neighbours import Neighbours
from negmine.stages.filter.risk.signals import LIKENESS
from negmine.stages.filter.rules import needed
from negmine.storage import shingles
from negmine.storage.layout import CORPUS, QRELS, QUERIES, SHINGLES

COLUMNS = ["query_id", "doc_id", "label"]
OF_SIGNALS = ("likeness", "centroid", "owner_query")  # features that signals are made of


def wanted(context: Context) -> dict[str, Any]:
    """Return which features the rules ask for; they shape the rows of `features`."""
    rules = context.config.filter
    needs = needed(rules)
    has_vectors = context.config.vector_retriever is not None
    return {
        "likeness": not needs.isdisjoint(LIKENESS),
        "centroid": has_vectors and "centroid_similarity" in needs,
        "owner_query": has_vectors and "owner_query_similarity" in needs,
        "same_parent": rules.same_parent,
        "contains_answer": rules.contains_answer,
        **_near_positives(rules, has_vectors and "neighbours" in needs),
    }


def _near_positives(rules: FilterSettings, is_wanted: bool) -> dict[str, Any]:
    """Return what shapes nearest pairs; nothing where nobody asks, as before there were any."""
    if not is_wanted:
        return {}
    return {"near_positives": rules.near_positives, "reference": rules.suspect_reference}


def features(context: Context) -> Parts:
    """Row for row beside `candidates`: likeness to positives, and what else is asked for."""
    source = Known(context)

    def make(part: int) -> pa.Table:
        columns = COLUMNS + ([source.vector_score] if source.wanted["centroid"] else [])
        rows = context.work.read(context.candidates, part, columns)
        own = partial(_features, source, part)
        if not context.config.generates:
            return own(rows)
        answers = (
            partial(_contains_answer, context, part) if source.wanted["contains_answer"] else None
        )
        return with_generated(context, rows, part, own, answers)

    # one at a time: each touches most of the vectors
    return Parts(context.queries.parts(), make)


def _features(source: Known, part: int, rows: pl.DataFrame) -> pa.Table:
    return compute.features(rows, source.columns(rows, part))


def _contains_answer(context: Context, part: int, rows: pl.DataFrame) -> pl.Series:
    return compute.contains_answer(_with_answers(context, rows, part))


class Known:
    """What features are made from, opened once, when it is first needed.

    hidden: query_id, doc_id of positives that count as unknown (see risk/hiding.py). signals_alone: leave out
    what no signal is made of.
    """

    def __init__(
        self, context: Context, hidden: pl.DataFrame | None = None, signals_alone: bool = False
    ) -> None:
        self._context, self._hidden = context, hidden
        self.wanted = wanted(context)
        if signals_alone:
            self.wanted = {name: self.wanted[name] for name in OF_SIGNALS}
        chosen = context.config.vector_retriever
        self.vector_score = "" if chosen is None else f"{chosen.name}_score"

    def columns(self, rows: pl.DataFrame, part: int) -> dict[str, pl.Series]:
        """Return the wanted features by name, row for row beside query_id, doc_id, label, `vector_score`."""
        columns: dict[str, pl.Series] = {}
        if self.wanted["likeness"] or self.wanted["centroid"]:
            columns |= self._similarities(rows)
        if self.wanted.get("same_parent") is not None:
            columns["same_parent"] = compute.same_parent(rows, self._parents)
        if self.wanted["owner_query"]:
            columns["owner_query_similarity"] = compute.owner_query_similarity(
                rows, self._owners, self._vectors.query_similarity
            )
        if "near_positives" in self.wanted:
            near = self._near.margins(rows)
            columns["neighbours"] = pl.select(
                pl.when(rows["label"] != POSITIVE).then(near)
            ).to_series()
        if self.wanted.get("contains_answer") is not None:
            columns["contains_answer"] = _contains_answer(self._context, part, rows)
        return columns

    def _similarities(self, rows: pl.DataFrame) -> dict[str, pl.Series]:
        is_positive = pl.col("label") == POSITIVE
        groups = rows.group_by("query_id", maintain_order=True).agg(
            pl.len(), positives=is_positive.sum()
        )
        docs, offsets = self._context.corpus.positions(rows["doc_id"]), _offsets(groups["len"])
        columns: dict[str, NDArray[np.float32]] = {}
        if self.wanted["likeness"]:
            positions = self._context.corpus.positions(rows.filter(is_positive)["doc_id"])
            like = self._likeness(docs, offsets, positions, _offsets(groups["positives"]))
            columns |= {"positive_similarity": like.largest, "positive_similarity_mean": like.mean}
        if self.wanted["centroid"]:
            scores = rows[self.vector_score].to_numpy()
            columns["centroid_similarity"] = centroid_similarity(
                self._vectors.vectors, self._vectors.rows(docs), offsets, scores
            )
        return {name: pl.Series(values, dtype=pl.Float32) for name, values in columns.items()}

    @cached_property
    def _likeness(self) -> Callable[..., Likeness]:
        if self._context.config.vector_retriever is not None:
            dense = self._vectors
            return lambda docs, offsets, positives, known_offsets: likeness(
                dense.vectors, dense.rows(docs), offsets, dense.rows(positives), known_offsets
            )
        folder = self._context.work.opened(SHINGLES)
        return shingles.open_index(folder, len(self._context.corpus)).likeness

    @cached_property
    def _vectors(self) -> VectorRetriever:
        return open_vectors(self._context)

    @cached_property
    def _near(self) -> Neighbours:
        rules = self._context.config.filter
        pairs = references(self._context, rules.suspect_reference == "judged", self._hidden)
        near = Neighbours(self._context, self._vectors, pairs, int(rules.near_positives or 0))
        if self._hidden is None:
            near.note_if_silent("--near-positives", rules.suspect_reference)
        return near

    @cached_property
    def _parents(self) -> pl.DataFrame:
        column = self._context.config.filter.same_parent
        rows = self._context.work.scan(CORPUS)
        _need(column, rows, "--same-parent", "documents")
        return rows.select("doc_id", pl.col(str(column)).alias("parent")).collect()

    @cached_property
    def _owners(self) -> pl.DataFrame:
        qrels = self._context.work.scan(QRELS).collect()
        owners = positives(qrels, self._context.config.index.min_relevance)
        if self._hidden is not None:
            owners = owners.join(self._hidden, on=["query_id", "doc_id"], how="anti")
        return owners.rename({"query_id": "owner"})


def _with_answers(context: Context, rows: pl.DataFrame, part: int) -> pl.DataFrame:
    column = str(context.config.filter.contains_answer)
    _need(column, context.work.scan(QUERIES), "--contains-answer", "queries")
    answers = context.work.read(QUERIES, part, ["query_id", column])
    texts = context.corpus.texts(rows["doc_id"]).with_columns(
        pl.col("text").map_elements(normalise, return_dtype=pl.String)
    )
    return rows.join(
        answers.rename({column: "answers"}), on="query_id", how="left", maintain_order="left"
    ).join(texts, on="doc_id", how="left", maintain_order="left")


def _need(column: str | None, rows: pl.LazyFrame, flag: str, what: str) -> None:
    names = rows.collect_schema().names()
    if column not in names:
        fixed = {"documents": schemas.CORPUS, "queries": schemas.QUERIES}[what].names
        own = [name for name in names if name not in fixed]
        raise InputError(no_column(flag, str(column), what, own))


def _offsets(counts: pl.Series) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts.to_numpy())]).astype(np.int64)
