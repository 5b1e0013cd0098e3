"""Stage 3, rerank: which pairs a scorer is asked about, and its scores row for row beside `candidates`."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import table
from negmine.data.schemas import GENERATED, POSITIVE, SCORES


def is_scored(depth: int | None) -> pl.Expr:
    """Whether a row is scored: a positive, a generated one, or among the first `depth` of its query's list."""
    is_scored_anyway = pl.col("label").is_in([POSITIVE, GENERATED])
    return is_scored_anyway | (pl.col("rank") <= depth if depth else pl.lit(True))


def scores_table(rows: pl.DataFrame, scores: NDArray[np.float32]) -> pa.Table:
    """Return query_id, doc_id, score for a part of `candidates`. scores: float32 [rows], NaN for none."""
    column = pl.Series("score", scores).fill_nan(None)
    return table(rows.select("query_id", "doc_id").with_columns(column), SCORES)
