"""Stage generate, the pure part: written documents join the candidates, behind those that were retrieved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import table
from negmine.data.schemas import CANDIDATES, GENERATED, LIKENESS, with_opinions, with_origin

IS_GENERATED = pl.col("label") == GENERATED


def joined(candidates: pl.DataFrame, written: pl.DataFrame, retrievers: Sequence[str]) -> pa.Table:
    """Return candidates with the written documents behind those of their query, label `generated`.

    candidates: a part, rows of a query together. written: query_id, doc_id, origin, `<retriever>_score` (null
    where it cannot tell), and written_for where documents are shared. They have no ranks, and no fused score:
    no retriever found them.
    """
    scores = [f"{name}_score" for name in retrievers]
    about = [name for name in ("origin", "written_for") if name in written.columns]
    added = written.select("query_id", "doc_id", *about, *scores).with_columns(
        label=pl.lit(GENERATED)
    )
    order = candidates.select("query_id").unique(maintain_order=True).with_row_index("_query")
    rows = (
        pl.concat([candidates, added], how="diagonal_relaxed")
        .join(order, on="query_id", how="inner", maintain_order="left")
        .sort("_query", maintain_order=True)
        .drop("_query")
    )
    schema = with_opinions(CANDIDATES, retrievers, after="score")
    return table(rows, with_origin(schema, about))


def likeness_table(written: pl.DataFrame, like: Any) -> pa.Table:
    """Return how like written documents are to the positives of their queries. like: `Likeness`, [written]."""
    columns = {
        "positive_similarity": pl.Series(like.largest, dtype=pl.Float32).fill_nan(None),
        "positive_similarity_mean": pl.Series(like.mean, dtype=pl.Float32).fill_nan(None),
    }
    return table(written.select("query_id", "doc_id").with_columns(**columns), LIKENESS)


def pairs_of(written: pl.DataFrame, positives: pl.DataFrame) -> tuple[pl.DataFrame, Any, Any]:
    """Return the positives of the queries of `written`, and where each query begins among both, int64.

    written: query_id; rows of a query together. positives: query_id, doc_id.
    """
    groups = written.group_by("query_id", maintain_order=True).len("documents")
    own = groups.join(positives, on="query_id", how="inner", maintain_order="left_right")
    counts = groups.join(
        own.group_by("query_id").len("positives"), on="query_id", how="left", maintain_order="left"
    )
    return own, _offsets(counts["documents"]), _offsets(counts["positives"].fill_null(0))


def _offsets(counts: pl.Series) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts.to_numpy())]).astype(np.int64)
