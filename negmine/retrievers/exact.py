"""Exact inner-product search over memory-mapped vectors, the corpus streamed block by block.

FAISS proposes, float64 decides: matrix products may differ in their last bits between machines and block
sizes, so a few more hits than asked for are fetched, each pair's score is computed again as
float32(float64 dot product), and the list is cut under (-score, doc_id). Where the cut falls among hits
whose scores are too close to tell apart, the query is searched deeper.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from negmine.errors import MissingDependency, SettingsError
from negmine.retrievers import Hits

BLOCK = 65_536
SPARE = 16
CLOSE = 1e-5  # more than what float32 products of unit vectors differ by
GPU_MOST = 2048  # FAISS on a GPU returns no more neighbours than this

Floats = NDArray[np.float32]
Knn = Callable[[Floats, Floats, int], tuple[Floats, NDArray[np.int64]]]


def knn(device: str) -> Knn:
    """Return FAISS' exact search for this device: (queries, block, k) to (scores, rows).

    Raises MissingDependency where FAISS is not installed.
    """
    try:
        import faiss
    except ImportError as error:
        raise no_faiss() from error
    metric = faiss.METRIC_INNER_PRODUCT
    gpus = getattr(faiss, "get_num_gpus", lambda: 0)()
    if device != "cpu" and gpus:
        resources = faiss.StandardGpuResources()

        def on_gpu(queries: Floats, block: Floats, k: int) -> tuple[Floats, NDArray[np.int64]]:
            if k > GPU_MOST:
                return on_cpu(queries, block, k)
            scores, rows = faiss.knn_gpu(resources, queries, block, k, metric=metric)
            return scores, rows

        def on_cpu(queries: Floats, block: Floats, k: int) -> tuple[Floats, NDArray[np.int64]]:
            scores, rows = faiss.knn(queries, block, k, metric=metric)
            return scores, rows

        return on_gpu
    return lambda queries, block, k: faiss.knn(queries, block, k, metric=metric)


def check_gpu() -> None:
    """Raise SettingsError where FAISS cannot search on a GPU."""
    import faiss

    if not getattr(faiss, "get_num_gpus", lambda: 0)():
        raise SettingsError(
            "--device cuda: FAISS sees no GPU here. Install negmine[gpu], or use --device cpu or auto."
        )


def no_faiss() -> MissingDependency:
    """Return the error that says which extra to install."""
    return MissingDependency(
        "The dense retriever needs FAISS. Install it: pip install 'negmine[cpu]' or 'negmine[gpu]'"
    )


def search(
    queries: Floats,
    documents: NDArray[np.floating],
    k: int,
    doc_order: NDArray[np.int64],
    find: Knn,
    block: int = BLOCK,
) -> Hits:
    """Return the best k documents of every query by inner product, ties by `doc_order`.

    queries: float32 [n, dims]. documents: float32 or float16 [m, dims], may be memory-mapped. Lists
    have min(k, m) hits.
    """
    k = min(k, len(documents))
    docs = np.full((len(queries), k), -1, np.int64)
    scores = np.full((len(queries), k), -np.inf, np.float32)
    todo, depth = np.arange(len(queries)), k + SPARE
    while len(todo) and k:
        depth = min(depth, len(documents))
        found = _stream(queries[todo], documents, depth, find, block)
        exact = pair_scores(queries, documents, np.repeat(todo, depth), found.ravel()).reshape(
            found.shape
        )
        order = np.lexsort((doc_order[found], -exact), axis=1)
        ranked: NDArray[np.int64] = np.take_along_axis(found, order, axis=1)
        values: Floats = np.take_along_axis(exact, order, axis=1)
        settled = np.full(len(todo), depth == len(documents))
        settled |= values[:, k - 1] - values[:, -1] > CLOSE
        docs[todo[settled]], scores[todo[settled]] = ranked[settled, :k], values[settled, :k]
        todo, depth = todo[~settled], 2 * depth
    return Hits(docs, scores)


def _stream(
    queries: Floats, documents: NDArray[np.floating], k: int, find: Knn, block: int
) -> NDArray[np.int64]:
    """Return k rows per query, by approximate float32 products, in no particular order."""
    best_rows = np.empty((len(queries), 0), np.int64)
    best = np.empty((len(queries), 0), np.float32)
    for start in range(0, len(documents), block):
        part = np.ascontiguousarray(documents[start : start + block], np.float32)
        scores, rows = find(np.ascontiguousarray(queries), part, min(k, len(part)))
        best = np.concatenate([best, scores], axis=1)
        best_rows = np.concatenate([best_rows, rows + start], axis=1)
        if best.shape[1] > k:
            keep = np.argpartition(-best, k - 1, axis=1)[:, :k]
            best = np.take_along_axis(best, keep, axis=1)
            best_rows = np.take_along_axis(best_rows, keep, axis=1)
    return best_rows


def pair_scores(
    queries: NDArray[np.floating],
    documents: NDArray[np.floating],
    rows: NDArray[np.int64],
    docs: NDArray[np.int64],
    step: int = 65_536,
) -> Floats:
    """Return float32(float64 dot product) of queries[rows[j]] and documents[docs[j]], [pairs]."""
    result = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), step):
        here = slice(start, start + step)
        left = queries[rows[here]].astype(np.float64)
        result[here] = np.einsum("ij,ij->i", left, documents[docs[here]].astype(np.float64))
    return result
