"""Turn scores into hits: ordered by (-score, doc_id), cut and padded to k."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.retrievers.base import Hits


def no_hits(queries: int, k: int) -> Hits:
    """Return hits for so many queries, all padding."""
    return Hits(
        np.full((queries, k), -1, dtype=np.int64), np.full((queries, k), -np.inf, dtype=np.float32)
    )


def ranked(
    docs: NDArray[np.integer], scores: NDArray[np.float32], doc_order: NDArray[np.int64], k: int
) -> Hits:
    """Order every row by (-score, doc_order), cut it to k, pad it to k.

    docs, scores: [queries, n], n of any size. What scores 0 or less is no hit.
    """
    scores = np.where(scores > 0, scores, np.float32(-np.inf))
    best = np.lexsort((doc_order[docs], -scores), axis=-1)[:, :k]
    hits = no_hits(len(docs), k)
    width = best.shape[1]
    hits.scores[:, :width] = np.take_along_axis(scores, best, axis=-1)
    hits.docs[:, :width] = np.take_along_axis(docs, best, axis=-1)
    hits.docs[np.isneginf(hits.scores)] = -1
    return hits


def by_score(
    docs: NDArray[np.int64], scores: NDArray[np.float32], doc_order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Order documents and their scores, both [queries, n], by (-score, doc_order)."""
    order = np.lexsort((doc_order[docs], -scores), axis=-1)
    return np.take_along_axis(docs, order, axis=-1), np.take_along_axis(scores, order, axis=-1)


def from_rows(rows: pl.DataFrame, queries: int, k: int) -> Hits:
    """Return the first k hits of each query.

    rows: row (place of the query), doc, score; those of a query in order, best first.
    """
    first = rows.with_columns(rank=pl.int_range(pl.len()).over("row")).filter(pl.col("rank") < k)
    places = first["row"].to_numpy(), first["rank"].to_numpy()
    hits = no_hits(queries, k)
    hits.docs[places] = first["doc"].to_numpy()
    hits.scores[places] = first["score"].to_numpy()
    return hits
