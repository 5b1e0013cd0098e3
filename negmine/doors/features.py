"""Doors of room 4's features: what rules read beside scores, each made only where it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine import shingles
from negmine.engine import Parts
from negmine.errors import InputError
from negmine.frames import frame
from negmine.house import CANDIDATES, CORPUS, QRELS, QUERIES, House
from negmine.retrievers import dense
from negmine.rooms import features as room
from negmine.rooms.retrieve import positives
from negmine.schemas import POSITIVE
from negmine.texts import normalise


def features(house: House) -> Parts:
    """Row for row beside `candidates`: likeness to the closest positive, and what else is asked for."""
    known = _Known(house)
    rules = house.settings.filter

    def make(part: int) -> pa.Table:
        rows = frame(house.work.read(CANDIDATES, part, ["query_id", "doc_id", "label"]))
        columns: dict[str, pl.Series] = {}
        if not rules.no_near_duplicate:
            columns["positive_similarity"] = pl.Series(
                _likeness(house, known, rows), dtype=pl.Float32
            )
        if rules.same_parent is not None:
            columns["same_parent"] = room.same_parent(rows, known.parents)
        if rules.owner_query is not None:
            columns["owner_query_similarity"] = room.owner_query_similarity(
                rows, known.owners, known.vectors.query_similarity
            )
        if rules.contains_answer is not None:
            columns["contains_answer"] = room.contains_answer(_with_answers(house, rows, part))
        return room.features(rows, columns)

    return Parts(house.query_parts, make)


class _Known:
    """What every part reads, opened once, when it is first needed."""

    def __init__(self, house: House) -> None:
        self._house = house

    @cached_property
    def similarity(self) -> Any:
        if "dense" in self._house.settings.index.retriever:
            return self.vectors.max_similarity
        return shingles.open_index(self._house.work.folder("1-index/shingles")).max_similarity

    @cached_property
    def vectors(self) -> dense.Dense:
        index = self._house.settings.index
        folder = self._house.work.folder(f"1-index/{dense.name(index)}")
        return dense.open_index(folder, self._house.doc_order, index.device)

    @cached_property
    def parents(self) -> pl.DataFrame:
        column = self._house.settings.filter.same_parent
        rows = self._house.work.scan(CORPUS)
        _need(column, rows, "--same-parent", "documents")
        return rows.select("doc_id", pl.col(str(column)).alias("parent")).collect()

    @cached_property
    def owners(self) -> pl.DataFrame:
        qrels = self._house.work.scan(QRELS).collect()
        known = positives(qrels, self._house.settings.index.min_relevance)
        return known.rename({"query_id": "owner"})


def _likeness(house: House, known: _Known, rows: pl.DataFrame) -> NDArray[np.float32]:
    is_positive = pl.col("label") == POSITIVE
    groups = rows.group_by("query_id", maintain_order=True).agg(
        pl.len(), positives=is_positive.sum()
    )
    found: NDArray[np.float32] = known.similarity(
        house.positions(rows["doc_id"]),
        _offsets(groups["len"]),
        house.positions(rows.filter(is_positive)["doc_id"]),
        _offsets(groups["positives"]),
    )
    return found


def _with_answers(house: House, rows: pl.DataFrame, part: int) -> pl.DataFrame:
    column = str(house.settings.filter.contains_answer)
    _need(column, house.work.scan(QUERIES), "--contains-answer", "queries")
    asked = frame(house.work.read(QUERIES, part, ["query_id", column]))
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
