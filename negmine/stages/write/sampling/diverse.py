"""`diverse`: candidates that are near to the query and unlike each other; never two near copies.

Source: maximal marginal relevance (Carbonell and Goldstein 1998): take the candidate d with the largest
(1 - diversity) * cos(query, d) - diversity * max of cos(d, t) over those taken before, t.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.stages.write.sampling.base import Selection, Vectors, certain, in_pool


def diverse(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take the rows of the pool in the order of maximal marginal relevance.

    A row whose cosine with one before it is at least `near_copy` is never taken. Only as many rows of a query
    have a place as can be needed: the order takes time.
    """
    assert selection.vectors is not None
    write = selection.write
    pool = in_pool(kept, write.pool)
    is_all = write.per == "positive" or write.max_reuse is not None
    count = write.pool if is_all else write.num_negatives
    vectors = selection.vectors()
    rows = vectors.rows(pool["doc_id"])
    nearness = pool[f"{selection.nearness}_score"].cast(pl.Float64).fill_null(-1.0).to_numpy()
    lengths = pool["query_id"].rle().struct.field("len").to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.full(len(rows), -1, np.int64)
    for start, end in pairwise(offsets):
        order = marginal_order(
            nearness[start:end], _cosines(vectors, rows[start:end]),
            write.diversity, selection.near_copy, count,
        )  # fmt: skip
        places[start + order] = np.arange(len(order))
    place = pl.Series("place", places)
    return pool.with_columns(place, certain()).with_columns(
        place=pl.when(pl.col("place") >= 0).then("place")
    )


def _cosines(vectors: Vectors, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the cosines of documents with each other, [rows, rows], rounded once so that machines agree."""
    wide = vectors.vectors[rows].astype(np.float64)
    products: NDArray[np.float32] = (wide @ wide.T).astype(np.float32)
    return products


def marginal_order(
    nearness: NDArray[np.float64],
    cosines: NDArray[np.float32],
    diversity: float,
    near_copy: float,
    count: int,
) -> NDArray[np.int64]:
    """Return the first `count` places of candidates by maximal marginal relevance, without near copies.

    nearness: [candidates], of each with the query. cosines: [candidates, candidates]. Ties go to the earlier.
    """
    order: list[int] = []
    likest = np.full(len(nearness), -np.inf)
    is_left = np.ones(len(nearness), bool)
    while is_left.any() and len(order) < count:
        taken = likest if order else np.zeros(len(nearness))
        gain = np.where(is_left, (1 - diversity) * nearness - diversity * taken, -np.inf)
        best = int(np.argmax(gain))
        order.append(best)
        likest = np.maximum(likest, cosines[best])
        is_left &= cosines[best] < np.float32(near_copy)
        is_left[best] = False
    return np.array(order, np.int64)
