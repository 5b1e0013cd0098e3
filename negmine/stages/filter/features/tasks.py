"""Doors of room 4's features: what rules read beside scores, each made only where it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.effective import effective_rules
from negmine.data import shingles
from negmine.data.schemas import POSITIVE
from negmine.data.similarity import Likeness, centroid_similarity, likeness
from negmine.data.texts import normalise
from negmine.engine.tasks import Parts
from negmine.errors import InputError
from negmine.retrievers.dense.search import Dense
from negmine.retrievers.registry import open_dense
from negmine.stages.context import CANDIDATES, CORPUS, QRELS, QUERIES, House
from negmine.stages.filter.features import compute as room
from negmine.stages.filter.risk.signals import LIKENESS
from negmine.stages.filter.rules import needed
from negmine.stages.retrieve.compute import positives

COLUMNS = ["query_id", "doc_id", "label"]


def wanted(house: House) -> dict[str, Any]:
    """Return which features the rules ask for; they shape the rows of `features`."""
    rules = effective_rules(house.settings)
    needs = needed(rules)
    has_vectors = "dense" in house.settings.index.retriever
    return {
        "likeness": not needs.isdisjoint(LIKENESS),
        "centroid": has_vectors and "centroid_similarity" in needs,
        "owner_query": has_vectors and "owner_query_similarity" in needs,
        "same_parent": rules.same_parent,
        "contains_answer": rules.contains_answer,
    }


def features(house: House) -> Parts:
    """Row for row beside `candidates`: likeness to positives, and what else is asked for."""
    known = Known(house)

    def make(part: int) -> pa.Table:
        columns = COLUMNS + (["dense_score"] if known.wanted["centroid"] else [])
        rows = house.work.read(CANDIDATES, part, columns)
        return room.features(rows, known.columns(rows, part))

    return Parts(house.query_parts, make)  # one at a time: each touches most of the vectors


class Known:
    """What features are made from, opened once, when it is first needed.

    hidden: query_id, doc_id of positives that count as unknown (see risk/hiding.py).
    """

    def __init__(self, house: House, hidden: pl.DataFrame | None = None) -> None:
        self._house, self._hidden = house, hidden
        self.wanted = wanted(house)

    def columns(self, rows: pl.DataFrame, part: int) -> dict[str, pl.Series]:
        """Return the wanted features by name, row for row beside query_id, doc_id, label, dense_score."""
        found: dict[str, pl.Series] = {}
        if self.wanted["likeness"] or self.wanted["centroid"]:
            found |= self._similarities(rows)
        if self.wanted["same_parent"] is not None:
            found["same_parent"] = room.same_parent(rows, self._parents)
        if self.wanted["owner_query"]:
            found["owner_query_similarity"] = room.owner_query_similarity(
                rows, self._owners, self._vectors.query_similarity
            )
        if self.wanted["contains_answer"] is not None:
            found["contains_answer"] = room.contains_answer(_with_answers(self._house, rows, part))
        return found

    def _similarities(self, rows: pl.DataFrame) -> dict[str, pl.Series]:
        is_positive = pl.col("label") == POSITIVE
        groups = rows.group_by("query_id", maintain_order=True).agg(
            pl.len(), positives=is_positive.sum()
        )
        docs, offsets = self._house.positions(rows["doc_id"]), _offsets(groups["len"])
        found: dict[str, NDArray[np.float32]] = {}
        if self.wanted["likeness"]:
            known = self._house.positions(rows.filter(is_positive)["doc_id"])
            like = self._likeness(docs, offsets, known, _offsets(groups["positives"]))
            found |= {"positive_similarity": like.largest, "positive_similarity_mean": like.mean}
        if self.wanted["centroid"]:
            scores = rows["dense_score"].to_numpy()
            found["centroid_similarity"] = centroid_similarity(
                self._vectors.vectors, self._vectors.rows(docs), offsets, scores
            )
        return {name: pl.Series(values, dtype=pl.Float32) for name, values in found.items()}

    @cached_property
    def _likeness(self) -> Callable[..., Likeness]:
        if "dense" in self._house.settings.index.retriever:
            dense = self._vectors
            return lambda docs, offsets, known, known_offsets: likeness(
                dense.vectors, dense.rows(docs), offsets, dense.rows(known), known_offsets
            )
        return shingles.open_index(self._house.work.folder("1-index/shingles")).likeness

    @cached_property
    def _vectors(self) -> Dense:
        return open_dense(self._house)

    @cached_property
    def _parents(self) -> pl.DataFrame:
        column = self._house.settings.filter.same_parent
        rows = self._house.work.scan(CORPUS)
        _need(column, rows, "--same-parent", "documents")
        return rows.select("doc_id", pl.col(str(column)).alias("parent")).collect()

    @cached_property
    def _owners(self) -> pl.DataFrame:
        qrels = self._house.work.scan(QRELS).collect()
        known = positives(qrels, self._house.settings.index.min_relevance)
        if self._hidden is not None:
            known = known.join(self._hidden, on=["query_id", "doc_id"], how="anti")
        return known.rename({"query_id": "owner"})


def _with_answers(house: House, rows: pl.DataFrame, part: int) -> pl.DataFrame:
    column = str(house.settings.filter.contains_answer)
    _need(column, house.work.scan(QUERIES), "--contains-answer", "queries")
    asked = house.work.read(QUERIES, part, ["query_id", column])
    texts = house.texts(rows["doc_id"]).with_columns(
        pl.col("text").map_elements(normalise, return_dtype=pl.String)
    )
    return rows.join(
        asked.rename({column: "answers"}), on="query_id", how="left", maintain_order="left"
    ).join(texts, on="doc_id", how="left", maintain_order="left")


def _need(column: str | None, rows: pl.LazyFrame, flag: str, what: str) -> None:
    names = rows.collect_schema().names()
    if column not in names:
        raise InputError(
            f"{flag} {column}: the table of {what} has no such column. It has: {', '.join(names)}."
        )


def _offsets(counts: pl.Series) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts.to_numpy())]).astype(np.int64)
