"""Exact inner-product search over memory-mapped vectors.

A proposer (nearest.py) proposes, float64 decides: matrix products may differ in their last bits between
machines and block sizes, so a few more hits than asked for are fetched, each pair's score is computed again
as float32(float64 dot product), and the list is cut under (-score, doc_id). Where the cut falls among hits
whose scores are too close to tell apart, the query is searched deeper.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from negmine.models.products import pair_scores
from negmine.retrievers.base import Hits
from negmine.retrievers.dense import coarse
from negmine.retrievers.dense.nearest import Floats, Propose

SPARE = 16
CLOSE = 1e-5  # more than what float32 products of unit vectors differ by


def search(
    queries: Floats,
    documents: NDArray[np.floating],
    k: int,
    doc_order: NDArray[np.int64],
    propose: Propose,
    roughly: Propose | None = None,
) -> Hits:
    """Return the best k documents of every query by inner product, ties by `doc_order`.

    queries: float32 [n, dims]. documents: float32 or float16 [m, dims], may be memory-mapped. Lists
    have min(k, m) hits. roughly: who proposes first (coarse.py); who is in doubt after it is asked again.
    """
    k = min(k, len(documents))
    docs = np.full((len(queries), k), -1, np.int64)
    scores = np.full((len(queries), k), -np.inf, np.float32)
    todo, depth = np.arange(len(queries)), k + SPARE
    if roughly is not None and coarse.depth(k) < len(documents):
        found = roughly(np.ascontiguousarray(queries), documents, coarse.depth(k))
        values, ranked = ranked_pairs(queries, documents, todo, found, doc_order)
        settled = np.all(found >= 0, axis=1)
        settled[settled] = values[settled, k - 1] - values[settled, -1] > coarse.CLOSE
        docs[settled], scores[settled] = ranked[settled, :k], values[settled, :k]
        todo = todo[~settled]
    while len(todo) and k:
        depth = min(depth, len(documents))
        found = propose(np.ascontiguousarray(queries[todo]), documents, depth)
        values, ranked = ranked_pairs(queries, documents, todo, found, doc_order)
        settled = np.full(len(todo), depth == len(documents))
        settled |= values[:, k - 1] - values[:, -1] > CLOSE
        docs[todo[settled]], scores[todo[settled]] = ranked[settled, :k], values[settled, :k]
        todo, depth = todo[~settled], 2 * depth
    return Hits(docs, scores)


def ranked_pairs(
    queries: Floats,
    documents: NDArray[np.floating],
    asked: NDArray[np.int64],
    found: NDArray[np.int64],
    doc_order: NDArray[np.int64],
) -> tuple[Floats, NDArray[np.int64]]:
    """Score found[i] for query asked[i] and order each row by (-score, doc_order).

    found: int64 [asked, depth], -1 where nothing was found. Returns scores and documents, both
    [asked, depth]; -inf and -1 stand at the end of a short row.
    """
    there = found >= 0
    scores = np.full(found.shape, -np.inf, np.float32)
    rows = np.broadcast_to(asked[:, None], found.shape)
    scores[there] = pair_scores(queries, documents, rows[there], found[there])
    order = np.argsort(-scores, axis=1)
    ranked = np.take_along_axis(scores, order, axis=1)
    tied = np.flatnonzero((ranked[:, 1:] == ranked[:, :-1]).any(axis=1))
    order[tied] = np.lexsort((doc_order[found[tied]], -scores[tied]), axis=1)
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(found, order, axis=1)
