"""Exact MaxSim search over memory-mapped token vectors.

Matrix products differ in their last bits between machines and block sizes. So they only propose: a few
documents more than k for each query, whose scores are computed again by models/maxsim.py. The list is ordered
by (-score, doc_id) and cut at k. If the scores at the cut are too close for the products to tell apart, the
query is searched again, deeper.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.data.jit import in_threads
from negmine.data.ragged import Ragged, heights, joined
from negmine.models.maxsim import maxsim
from negmine.retrievers.base import Hits
from negmine.retrievers.ranking import by_score, no_hits

SPARE = 16  # documents proposed beyond k
CLOSE = 1e-5  # more than the error of a float32 product of unit vectors
TOKENS = 4096  # tokens of documents in a block
PRODUCTS = 4 << 20  # bytes of the products of a block with some queries: what caches hold
LEAST = 16  # documents that a thread is worth


def search(
    queries: Ragged,
    documents: Ragged,
    k: int,
    doc_order: NDArray[np.int64],
    products: int = PRODUCTS,
    tokens: int = TOKENS,
) -> Hits:
    """Return the best k documents of every query by MaxSim, ties by `doc_order`.

    Documents, and queries, without a token have no hits. doc_order: int64 [documents], the place of a
    document's id among all sorted ids. products, tokens: how large a block may be; they change no bit.
    """
    hits = no_hits(len(queries), k)
    filled = np.flatnonzero(heights(documents))
    depth, k = k + SPARE, min(k, len(filled))
    todo = np.flatnonzero(heights(queries))
    while len(todo) and k:
        depth = min(depth, len(filled))
        some = joined(queries[todo], np.float32)
        proposed, longest = propose(some, documents, depth, products, tokens)
        rows = np.repeat(np.arange(len(todo)), depth)
        scores = maxsim(queries, documents, todo[rows], proposed.ravel()).reshape(proposed.shape)
        docs, scores = by_score(proposed, scores, doc_order)
        settled = np.full(len(todo), depth == len(filled))
        settled |= scores[:, k - 1] - scores[:, -1] > CLOSE * longest * _lengths(some)
        hits.docs[todo[settled], :k] = docs[settled, :k]
        hits.scores[todo[settled], :k] = scores[settled, :k]
        todo, depth = todo[~settled], 2 * depth
    return hits


def propose(
    queries: Ragged, documents: Ragged, depth: int, products: int, tokens: int
) -> tuple[NDArray[np.int64], float]:
    """Return the best `depth` documents of every query by float32 products, int64 [queries, depth].

    They are in no order. Also returns the length of the longest vector of a document. No query may be without a
    token, and `depth` documents must not be.
    """
    best = np.full((len(queries), 0), -np.inf, np.float32)
    docs, longest = np.empty((len(queries), 0), np.int64), 0.0
    groups = list(_blocks(queries.offsets, max(1, products // (4 * tokens))))
    buffer = np.empty(0, np.float32)
    for first, last in _blocks(documents.offsets, tokens):
        start, stop = documents.offsets[[first, last]]
        filled = first + np.flatnonzero(np.diff(documents.offsets[first : last + 1]))
        if not len(filled):
            continue
        values = np.asarray(documents.values[start:stop], np.float32)
        longest = max(longest, float(_norms(values).max()))
        starts = documents.offsets[filled] - start
        scores = np.empty((len(queries), len(filled)), np.float32)
        for a, b in groups:
            size = len(values) * int(queries.offsets[b] - queries.offsets[a])
            buffer = buffer if size <= len(buffer) else np.empty(size, np.float32)
            scores[a:b] = _scores(queries, a, b, values, starts, buffer[:size])
        best, docs = _best(depth, (best, scores), (docs, np.broadcast_to(filled, scores.shape)))
    return docs, longest


def _scores(
    queries: Ragged,
    first: int,
    last: int,
    values: Floats,
    starts: NDArray[np.int64],
    buffer: Floats,
) -> Floats:
    """Return the MaxSim of some queries with documents that begin at `starts` of `values`, by products.

    buffer: takes the products, of all tokens with all tokens.
    """
    offsets = queries.offsets[first : last + 1]
    some = queries.values[offsets[0] : offsets[-1]]
    product = np.matmul(values, some.T, out=buffer.reshape(len(values), len(some)))
    largest = np.empty((len(starts), len(some)), np.float32)
    ends = np.append(starts[1:], len(values))

    def reduce(a: int, b: int) -> None:
        rows = product[starts[a] : ends[b - 1]]
        np.maximum.reduceat(rows, starts[a:b] - starts[a], axis=0, out=largest[a:b])

    in_threads(reduce, len(starts), LEAST)
    scores: Floats = np.add.reduceat(largest, offsets[:-1] - offsets[0], axis=1).T
    return scores


def _blocks(offsets: NDArray[np.int64], tokens: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the end of texts that have at most so many tokens together, or of one text."""
    first = 0
    while first < len(offsets) - 1:
        last = int(np.searchsorted(offsets, offsets[first] + tokens, side="right")) - 1
        last = max(first + 1, last)
        yield first, last
        first = last


def _best(
    depth: int, scores: tuple[Floats, Floats], docs: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> tuple[Floats, NDArray[np.int64]]:
    both, their = np.hstack(scores), np.hstack(docs)
    if both.shape[1] <= depth:
        return both, their
    keep = np.argpartition(-both, depth - 1, axis=1)[:, :depth]
    return np.take_along_axis(both, keep, axis=1), np.take_along_axis(their, keep, axis=1)


def _lengths(queries: Ragged) -> NDArray[np.float64]:
    """Return the sum of the lengths of a query's vectors: the number of tokens, if they are unit vectors."""
    lengths: NDArray[np.float64] = np.add.reduceat(_norms(queries.values), queries.offsets[:-1])
    return lengths


def _norms(values: Floats) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", values, values, dtype=np.float64))
    return norms
