"""MaxSim (Khattab and Zaharia 2020, equation 3): the score of late interaction.

For each token of the query, the largest inner product with a token of the document; the sum of these. It is
added up in float64, in an order that no machine, block or thread changes, and rounded to float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.data.jit import compiled, in_threads, read_only
from negmine.data.ragged import Matrices, heights, joined

AT_ONCE = 65_536  # tokens of documents that are widened at once
LEAST = 16  # pairs that a thread is worth


def maxsim(
    queries: Matrices,
    documents: Matrices,
    rows: NDArray[np.int64],
    docs: NDArray[np.int64],
    at_once: int = AT_ONCE,
) -> Floats:
    """Return the MaxSim of queries[rows[j]] and documents[docs[j]]; float32 [pairs].

    queries, documents: matrices [tokens, dimensions], float16 or float32, may be memory-mapped. 0 where one of
    them has no token. at_once: tokens of documents that are in memory together, or those of one document.
    """
    result = np.zeros(len(rows), np.float32)
    asked, places = np.unique(rows, return_inverse=True)
    left = joined(queries[asked], np.float32)
    order = np.argsort(docs, kind="stable")
    sizes = heights(documents)
    for pairs in _groups(order, docs, sizes, at_once):
        some, columns = np.unique(docs[pairs], return_inverse=True)
        right = joined(documents[some], np.float32)
        if not left.values.size or not right.values.size:
            continue
        arrays = (left.values, left.offsets, right.values, right.offsets, places[pairs], columns)
        scores = np.empty(len(pairs), np.float32)
        _score([read_only(array) for array in arrays], scores)
        result[pairs] = scores
    return result


def _groups(
    order: NDArray[np.int64], docs: NDArray[np.int64], sizes: NDArray[np.int64], at_once: int
) -> Iterator[NDArray[np.int64]]:
    """Yield pairs, ordered by document, in groups whose documents have at most so many tokens together."""
    ordered = docs[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))  # the first pair of each document
    totals = np.cumsum(sizes[ordered[starts]]) if len(starts) else starts
    first, before = 0, 0
    while first < len(starts):
        last = max(first + 1, int(np.searchsorted(totals, before + at_once, side="right")))
        stop = starts[last] if last < len(starts) else len(order)
        yield order[starts[first] : stop]
        first, before = last, int(totals[last - 1])


def _score(arrays: list[NDArray[np.number]], scores: Floats) -> None:
    kernel = _kernel()
    in_threads(lambda a, b: kernel(*arrays, scores, a, b), len(scores), LEAST)


@cache
def _kernel() -> Callable[..., Any]:
    from numba.extending import register_jitable

    register_jitable(_products)  # so that compiled code can call it
    return compiled(_maxsim)


def _products(
    token: NDArray[np.float32], columns: NDArray[np.float64], sums: NDArray[np.float64], count: int
) -> None:
    """Write the inner products of a token with `count` columns into `sums`.

    All columns' sums grow side by side, which vector units do at once; each in a fixed order.
    """
    dims = len(token)
    whole = dims - dims % 4
    sums[:count] = 0.0
    for d in range(0, whole, 4):
        a, b = np.float64(token[d]), np.float64(token[d + 1])
        c, e = np.float64(token[d + 2]), np.float64(token[d + 3])
        for j in range(count):
            sums[j] += (a * columns[d, j] + b * columns[d + 1, j]) + (
                c * columns[d + 2, j] + e * columns[d + 3, j]
            )
    for d in range(whole, dims):
        a = np.float64(token[d])
        for j in range(count):
            sums[j] += a * columns[d, j]


def _maxsim(
    queries: NDArray[np.float32],
    query_offsets: NDArray[np.int64],
    documents: NDArray[np.float32],
    document_offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    docs: NDArray[np.int64],
    scores: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Score pairs, ordered by document: most documents are turned into columns once."""
    longest, held = 0, -1
    for pair in range(start, stop):
        longest = max(longest, document_offsets[docs[pair] + 1] - document_offsets[docs[pair]])
    columns, sums = np.empty((queries.shape[1], longest)), np.empty(longest)
    for pair in range(start, stop):
        first = document_offsets[docs[pair]]
        count = document_offsets[docs[pair] + 1] - first
        if docs[pair] != held:
            held = docs[pair]
            for j in range(count):
                for d in range(queries.shape[1]):
                    columns[d, j] = documents[first + j, d]
        total = 0.0
        if count:
            for left in range(query_offsets[rows[pair]], query_offsets[rows[pair] + 1]):
                _products(queries[left], columns, sums, count)
                total += np.max(sums[:count])
        scores[pair] = np.float32(total)
