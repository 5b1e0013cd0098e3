"""Doors of room 4: likeness to the positives, and the verdicts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine import shingles
from negmine.configuration import effective_rules
from negmine.engine import Parts
from negmine.frames import frame
from negmine.house import CANDIDATES, CORPUS, FEATURES, QUERIES, House
from negmine.retrievers import dense
from negmine.rooms import filter as room
from negmine.schemas import POSITIVE

Similarity = Callable[
    [NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    NDArray[np.float32],
]


def features(house: House) -> Parts:
    """Row for row beside `candidates`: likeness to the closest positive."""
    open_similarity = cache(lambda: similarity_of(house))

    def make(part: int) -> pa.Table:
        rows = frame(house.work.read(CANDIDATES, part, ["query_id", "doc_id", "label"]))
        groups = rows.group_by("query_id", maintain_order=True).agg(
            pl.len(), positives=(pl.col("label") == POSITIVE).sum()
        )
        positives = rows.filter(pl.col("label") == POSITIVE)
        likeness = open_similarity()(
            house.positions(rows["doc_id"]),
            _offsets(groups["len"]),
            house.positions(positives["doc_id"]),
            _offsets(groups["positives"]),
        )
        return room.features(rows, likeness)

    return Parts(house.query_parts, make)


def verdicts(house: House) -> Parts:
    """Every candidate with its verdict."""
    rules = effective_rules(house.settings)
    keys = _Keys(house)

    def make(part: int) -> pa.Table:
        rows = frame(house.work.read(CANDIDATES, part))
        similarity = _similarity(house, part, rows.height)
        asked = frame(house.work.read(QUERIES, part, ["query_id", "text_key"]))
        return room.verdicts(
            rows,
            similarity,
            keys.corpus,
            asked.rename({"text_key": "query_key"}),
            rules,
            house.retrievers,
        )

    return Parts(house.query_parts, make)


def similarity_of(house: House) -> Similarity:
    """Return how likeness is measured here: cosine of the dense vectors, else Jaccard of 3-grams."""
    index = house.settings.index
    if "dense" in index.retriever:
        folder = house.work.folder(f"1-index/{dense.name(index)}")
        return dense.open_index(folder, house.doc_order, index.device).max_similarity
    return shingles.open_index(house.work.folder("1-index/shingles")).max_similarity


def _similarity(house: House, part: int, rows: int) -> pl.Series:
    if house.settings.filter.no_near_duplicate:
        return pl.repeat(None, rows, dtype=pl.Float32, eager=True)
    return frame(house.work.read(FEATURES, part, ["positive_similarity"])).to_series()


class _Keys:
    def __init__(self, house: House) -> None:
        self._house = house

    @cached_property
    def corpus(self) -> pl.DataFrame:
        return self._house.work.scan(CORPUS).select("doc_id", "text_key").collect()


def _offsets(counts: pl.Series) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts.to_numpy())]).astype(np.int64)
