"""What a way of sampling reads, and what it returns.

A sampling is a function `places(kept, selection)`. kept: the kept rows of `verdicts` of whole queries, best
first, with `turn`, a row's place among those of its query, from 0. It returns these rows with two columns more:

- place: the order in which the query takes them, lowest first; null for rows that it never takes.
- sampling_probability: that of the draw which takes the row, as if it were the first of its query; 1 where
  nothing is drawn.

What a query gets depends on its own rows alone, never on other queries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.settings import WriteSettings
from negmine.data.hashing import random_draws

Places = Callable[[pl.DataFrame, "Selection"], pl.DataFrame]
NEAR_COPY = 0.95  # cosine, as --near-duplicate has it by default


class Vectors(NamedTuple):
    """Unit vectors of documents, [rows, dimensions]; `rows` returns those of some doc_ids, int64."""

    vectors: NDArray[Any]
    rows: Callable[[pl.Series], NDArray[np.int64]]


@dataclass(frozen=True)
class Selection:
    """How negatives are selected: the settings, and what there is to read beside `verdicts`.

    people_first: what people judged not relevant stands before the rest. score: the column prefix of the
    score that thresholds read; nearness: of the score that is the cosine of query and document, for `diverse`.
    near_copy: cosine from which two documents are near copies. vectors: opens them. cutoffs: what a document
    must rank at least to be used (see reuse.py), without a limit of reuse None. round: that of the run.
    earlier: returns what the last round wrote as negatives of some queries: query_id, doc_id, round (the one
    that wrote it first); None in round 1.
    """

    write: WriteSettings
    people_first: bool = False
    score: str = ""
    retrievers: tuple[str, ...] = ()
    nearness: str = ""
    near_copy: float = NEAR_COPY
    vectors: Callable[[], Vectors] | None = None
    cutoffs: pl.DataFrame | None = None
    round: int = 1
    earlier: Callable[[pl.Series], pl.DataFrame] | None = None

    def with_cutoffs(self, cutoffs: pl.DataFrame) -> Selection:
        """Return the same selection under a limit of reuse."""
        return replace(self, cutoffs=cutoffs)

    @property
    def deciding(self) -> pl.Expr:
        """The score that thresholds read, float64."""
        return pl.col(f"{self.score}_score").cast(pl.Float64)

    @property
    def margin(self) -> pl.Expr:
        """How far that score lies below the anchor, float64: anchor - score. Small is hard."""
        return pl.col("positive_score").cast(pl.Float64) - self.deciding


def draws(rows: pl.DataFrame, seed: int, stream: int = 0) -> pl.Series:
    """Return a random uint64 per row of its query and `turn`; another `stream` gives others."""
    places = rows["turn"].cast(pl.Int64) + (stream << 32)
    return pl.Series("draw", random_draws(rows["query_id"], places, seed))


def in_pool(kept: pl.DataFrame, pool: int) -> pl.DataFrame:
    """Return the first `pool` rows of every query."""
    return kept.filter(pl.col("turn") < pool)


def certain() -> pl.Expr:
    """The column sampling_probability where nothing is drawn."""
    return pl.lit(1.0).alias("sampling_probability")
