"""Inner products of pairs: the numbers that scores are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from negmine.data.jit import compiled, in_threads, read_only

STEP = 16_384  # pairs of half precision that are widened at once


def pair_scores(
    queries: NDArray[np.floating],
    documents: NDArray[np.floating],
    rows: NDArray[np.int64],
    docs: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return float32(float64 dot product) of queries[rows[j]] and documents[docs[j]], float32 [pairs].

    queries, documents: float32 or float16 [n, dims], may be memory-mapped. Products are added up in
    an order that no machine changes.
    """
    result = np.empty(len(rows), np.float32)
    if documents.dtype == np.float32 and queries.dtype == np.float32:
        _add_up(queries, documents, rows, docs, result)
        return result
    for start in range(0, len(rows), STEP):
        here = slice(start, start + STEP)
        pairs = np.arange(len(result[here]))
        _add_up(
            _single(queries, rows[here]), _single(documents, docs[here]), pairs, pairs, result[here]
        )
    return result


def _single(vectors: NDArray[np.floating], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    return vectors[rows].astype(np.float32)


def _add_up(
    queries: NDArray[np.floating],
    documents: NDArray[np.floating],
    rows: NDArray[np.int64],
    docs: NDArray[np.int64],
    result: NDArray[np.float32],
) -> None:
    left, right, left_rows, right_rows = map(read_only, (queries, documents, rows, docs))
    kernel = compiled(_dots)
    in_threads(
        lambda a, b: kernel(left, right, left_rows, right_rows, result, a, b), len(result), 4096
    )


def _dots(
    queries: NDArray[np.float32],
    documents: NDArray[np.float32],
    rows: NDArray[np.int64],
    docs: NDArray[np.int64],
    result: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Eight sums side by side: fixed, and what vector units do at once."""
    dims = queries.shape[1]
    whole = dims - dims % 8
    for pair in range(start, stop):
        a, b = queries[rows[pair]], documents[docs[pair]]
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
        for d in range(0, whole, 8):
            s0 += np.float64(a[d]) * np.float64(b[d])
            s1 += np.float64(a[d + 1]) * np.float64(b[d + 1])
            s2 += np.float64(a[d + 2]) * np.float64(b[d + 2])
            s3 += np.float64(a[d + 3]) * np.float64(b[d + 3])
            s4 += np.float64(a[d + 4]) * np.float64(b[d + 4])
            s5 += np.float64(a[d + 5]) * np.float64(b[d + 5])
            s6 += np.float64(a[d + 6]) * np.float64(b[d + 6])
            s7 += np.float64(a[d + 7]) * np.float64(b[d + 7])
        for d in range(whole, dims):
            s0 += np.float64(a[d]) * np.float64(b[d])
        result[pair] = np.float32(((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7)))
