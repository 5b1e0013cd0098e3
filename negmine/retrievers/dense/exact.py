"""Exact inner-product search over memory-mapped vectors.

Matrix products differ in their last bits between machines and block sizes. So they only propose: nearest.py
returns a few documents more than k, each pair's score is computed again as float32(float64 dot product), and
the list is ordered by (-score, doc_id) and cut at k. If the scores at the cut are too close for the
products to tell apart, the query is searched again, deeper.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from negmine.models.products import pair_scores
from negmine.retrievers.base import Hits
from negmine.retrievers.dense import coarse
from negmine.retrievers.dense.nearest import Floats, Propose

SPARE = 16  # documents proposed beyond k
CLOSE = 1e-5  # more than the error of float32 products, as a share of the product of the lengths


def search(
    queries: Floats,
    documents: NDArray[np.floating],
    k: int,
    doc_order: NDArray[np.int64],
    propose: Propose,
    roughly: Propose | None = None,
    longest: float | None = None,
) -> Hits:
    """Return the best k documents of every query by inner product, ties by `doc_order`.

    queries: float32 [n, dims]. documents: float32 or float16 [m, dims], may be memory-mapped. Lists
    have min(k, m) hits. doc_order: int64 [m], the place of a document's id among all sorted ids. propose:
    proposes documents (nearest.py). roughly: proposes first, with larger errors (coarse.py); queries whose
    list is then not certain go to `propose`. longest: the largest length of a document, None for unit vectors:
    the error of a product grows with the lengths of both vectors.
    """
    close = np.ones(len(queries)) if longest is None else longest * _lengths(queries)
    k = min(k, len(documents))
    docs = np.full((len(queries), k), -1, np.int64)
    scores = np.full((len(queries), k), -np.inf, np.float32)
    todo, depth = np.arange(len(queries)), k + SPARE
    if roughly is not None and coarse.depth(k) < len(documents):
        proposed = roughly(np.ascontiguousarray(queries), documents, coarse.depth(k))
        values, ranked = ranked_pairs(queries, documents, todo, proposed, doc_order)
        settled = np.all(proposed >= 0, axis=1)
        settled[settled] = (
            values[settled, k - 1] - values[settled, -1] > coarse.CLOSE * close[settled]
        )
        docs[settled], scores[settled] = ranked[settled, :k], values[settled, :k]
        todo = todo[~settled]
    while len(todo) and k:
        depth = min(depth, len(documents))
        proposed = propose(np.ascontiguousarray(queries[todo]), documents, depth)
        values, ranked = ranked_pairs(queries, documents, todo, proposed, doc_order)
        settled = np.full(len(todo), depth == len(documents))
        settled |= values[:, k - 1] - values[:, -1] > CLOSE * close[todo]
        docs[todo[settled]], scores[todo[settled]] = ranked[settled, :k], values[settled, :k]
        todo, depth = todo[~settled], 2 * depth
    return Hits(docs, scores)


def _lengths(vectors: Floats) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    return norms


def ranked_pairs(
    queries: Floats,
    documents: NDArray[np.floating],
    rows: NDArray[np.int64],
    proposed: NDArray[np.int64],
    doc_order: NDArray[np.int64],
) -> tuple[Floats, NDArray[np.int64]]:
    """Score the documents proposed[i] for query rows[i] and order each line by (-score, doc_order).

    rows: int64 [n]. proposed: int64 [n, depth], -1 where a line is short. Returns scores, float32, and
    documents, int64, both [n, depth]; -inf and -1 stand at the end of a short line.
    """
    valid = proposed >= 0
    scores = np.full(proposed.shape, -np.inf, np.float32)
    queries_of = np.broadcast_to(rows[:, None], proposed.shape)
    scores[valid] = pair_scores(queries, documents, queries_of[valid], proposed[valid])
    order = np.argsort(-scores, axis=1)
    ranked = np.take_along_axis(scores, order, axis=1)
    tied = np.flatnonzero((ranked[:, 1:] == ranked[:, :-1]).any(axis=1))
    order[tied] = np.lexsort((doc_order[proposed[tied]], -scores[tied]), axis=1)
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(proposed, order, axis=1)
