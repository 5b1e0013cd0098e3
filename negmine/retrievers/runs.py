"""From a retriever's hits to a `run`: rows of query_id, doc_id, rank, score."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import table
from negmine.data.schemas import FIRST_RANK, RUN
from negmine.retrievers.base import Hits

FEW = 16  # positives of a query that is searched with the most of them
NO_HITS = pl.DataFrame(
    schema={"row": pl.UInt32, "query_id": pl.String, "doc_id": pl.String, "score": pl.Float32}
)


def depths(queries: pl.DataFrame, positives: pl.DataFrame, k: int) -> NDArray[np.int64]:
    """Return how many hits of every query can be in its run: k, and its positives; int64 [queries]."""
    counts = positives.group_by("query_id").len()
    counted = queries.select("query_id").join(
        counts, on="query_id", how="left", maintain_order="left"
    )
    return k + counted["len"].fill_null(0).cast(pl.Int64).to_numpy()


def by_depth(
    queries: pl.DataFrame, positives: pl.DataFrame, k: int
) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64]]]:
    """Yield the queries that need about k hits, then the few with many positives; each with its `depths`.

    queries: with a `row` of their own. One query with a hundred positives makes no other search deeper.
    """
    counts = depths(queries, positives, k)
    for many in (False, True):
        here = np.flatnonzero((counts > k + FEW) == many)
        if len(here):
            yield queries[here], counts[here]


def as_rows(
    hits: Hits,
    query_ids: pl.Series,
    doc_ids: pl.Series,
    depths: NDArray[np.int64] | None = None,
    places: pl.Series | None = None,
) -> pl.DataFrame:
    """Return hits as rows: row, query_id, doc_id, score.

    depths: how many hits of every query to take, where hits are in order; without, all. places: the row of
    every query; without, its number.
    """
    is_hit = hits.docs >= 0
    if depths is not None:
        is_hit &= np.arange(hits.docs.shape[1]) < depths[:, None]
    rows, columns = np.nonzero(is_hit)
    where = pl.Series("row", rows.astype(np.uint32))
    return pl.DataFrame(
        {
            "row": where if places is None else places.gather(where).cast(pl.UInt32),
            "query_id": query_ids.gather(rows),
            "doc_id": doc_ids.gather(hits.docs[rows, columns]),
            "score": hits.scores[rows, columns].astype(np.float32),
        }
    )


def in_order(hits: pl.DataFrame, within: bool = False) -> pl.DataFrame:
    """Order rows by query and (-score, doc_id); within: those of a query are so already."""
    if within:
        return hits.sort("row", maintain_order=True)
    return hits.sort("row", -pl.col("score"), "doc_id")


def run(hits: pl.DataFrame, positives: pl.DataFrame, k: int) -> pa.Table:
    """Return a run: ranked hits per query, ending with the k-th hit that is no known positive.

    hits: row (the query's place), query_id, doc_id, score, in order. positives: query_id, doc_id.
    Positives among the hits keep their rank: the run records what the retriever did, and recall can be
    computed from it.
    """
    is_new = pl.col("is_positive").is_null()
    ranked = hits.join(
        positives.with_columns(is_positive=True),
        on=["query_id", "doc_id"],
        how="left",
        maintain_order="left",
    ).with_columns(
        rank=(pl.int_range(pl.len()).over("row") + FIRST_RANK).cast(pl.Int32),
        new=is_new.cast(pl.Int64).cum_sum().over("row"),
    )
    inside = (pl.col("new") < k) | ((pl.col("new") == k) & is_new)
    return table(ranked.filter(inside), RUN)
