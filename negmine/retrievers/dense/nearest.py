"""Proposals of the nearest documents by float32 products, computed by this machine's cores or its GPUs.

A proposal is k rows of documents per query, in no particular order; exact.py scores and orders them. The
documents are read block by block, so memory holds a block and the proposals, never the corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.jit import compiled, in_threads
from negmine.errors import SettingsError
from negmine.retrievers.faiss_index.module import GPU_MOST, count_gpus, faiss_or_error

PRODUCTS = 32 << 20  # bytes of the products of a block, unless --memory is small
STRETCH = 128  # products that are compared with a limit together
GROUPS = 4  # groups of documents per wanted document; the best of each group give the first limit
GPU_BLOCK = 1 << 30  # bytes of documents that go to the GPUs at once

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Propose = Callable[[Floats, NDArray[np.floating], int], Rows]


def on_cpu(
    queries: Floats, documents: NDArray[np.floating], k: int, products: int = PRODUCTS
) -> Rows:
    """Propose k documents of every query, int64 [queries, k]. products: bytes of the products of a block."""
    lists = Lists(len(queries), k, np.dtype(np.float32))
    block = lists.block(products, len(documents))
    buffer = np.empty(len(queries) * block, np.float32)
    for first in range(0, len(documents), block):
        part = np.asarray(documents[first : first + block], np.float32)
        product = buffer[: len(queries) * len(part)].reshape(len(queries), len(part))
        lists.add(np.matmul(queries, part.T, out=product), first)
    return lists.rows()


class Lists:
    """The best k documents of every query so far. A product at or below a query's limit is not in them.

    dtype: of the products. float32, or int16 for the bits of bfloat16 numbers (coarse.py), of which only those
    above 0 count.
    """

    def __init__(self, queries: int, k: int, dtype: np.dtype[Any]) -> None:
        self._k, self._itemsize = k, dtype.itemsize
        lowest = 0 if dtype.kind == "i" else -np.inf
        self._scores = np.empty((queries, 2 * k + STRETCH), dtype)
        self._rows = np.empty(self._scores.shape, np.int64)
        self._held, self._limits = np.zeros(queries, np.int64), np.full(queries, lowest, dtype)

    def block(self, products: int, documents: int) -> int:
        """Return how many documents make so many bytes of products."""
        fit = products // (self._itemsize * max(len(self._held), 1))
        return min(max(fit, 256), max(documents, 1))

    def add(self, products: NDArray[Any], first: int) -> None:
        """Add the products [queries, documents] of a block of documents, whose first row is `first`."""
        keep = compiled(_keep_best)
        state = (self._scores, self._rows, self._held, self._limits)

        def add_slice(a: int, b: int) -> None:
            if not self._held[a:b].any():
                _begin(products[a:b], self._k, self._limits[a:b])
            keep(products[a:b], first, self._k, False, *(array[a:b] for array in state))

        in_threads(add_slice, len(products))

    def rows(self) -> Rows:
        """Return the best k rows of every query, int64 [queries, k]; -1 fills up a short list."""
        nothing = np.empty((len(self._held), 0), self._scores.dtype)
        state = (self._scores, self._rows, self._held, self._limits)
        compiled(_keep_best)(nothing, 0, self._k, True, *state)
        best = self._rows[:, : self._k].copy()
        best[np.arange(self._k) >= self._held[:, None]] = -1
        return best


def _begin(products: NDArray[Any], k: int, limits: NDArray[Any]) -> None:
    """Raise the limits of empty lists, so that few products are above them.

    The documents are cut into 4 k groups. The best products of the groups belong to 4 k documents, so
    the k-th of these products is a limit that at least k documents reach, and not many more.
    """
    groups = GROUPS * k
    whole = products.shape[1] // groups * groups
    if whole < 2 * groups:
        return
    best = products[:, :whole].reshape(len(products), -1, groups).max(axis=1)
    reached = np.partition(best, groups - k, axis=1)[:, groups - k]
    if reached.dtype.kind == "f":
        below = np.nextafter(reached, -np.inf, dtype=reached.dtype)
    else:
        below = np.maximum(reached, 1) - 1
    np.maximum(limits, below, out=limits)


def _keep_best(
    products: NDArray[Any],
    first: int,
    k: int,
    last: bool,
    scores: NDArray[Any],
    rows: Rows,
    held: NDArray[np.int64],
    limits: NDArray[Any],
) -> None:
    """Append the products above a query's limit to its list; cut a full list to its best k.

    The least of these k is the new limit. Most products are below the limit, so each stretch of them is
    counted first, which vector units do fast. last: cut every list.
    """
    capacity, width = scores.shape[1], products.shape[1]
    for query in range(products.shape[0]):
        count, limit = held[query], limits[query]
        for start in range(0, width + STRETCH, STRETCH):
            ended = start >= width
            if count > capacity - STRETCH or (ended and last and count > k):
                limit = np.partition(scores[query, :count], count - k)[count - k]
                best, equal = 0, k - np.sum(scores[query, :count] > limit)
                for place in range(count):
                    score = scores[query, place]
                    if score > limit or (score == limit and equal > 0):
                        equal -= score == limit
                        scores[query, best], rows[query, best] = score, rows[query, place]
                        best += 1
                count = best
            stretch = products[query, start : start + STRETCH]
            above = np.int32(0)
            for column in range(len(stretch)):
                above += np.int32(stretch[column] > limit)
            for column in range(len(stretch) if above else 0):
                if stretch[column] > limit:
                    scores[query, count] = stretch[column]
                    rows[query, count] = first + start + column
                    count += 1
        held[query], limits[query] = count, limit


def gpus(device: str) -> list[Any]:
    """Return FAISS' resources of every GPU that may be used: none for device cpu, or if FAISS sees no GPU."""
    if device == "cpu" or not count_gpus():
        return []
    import faiss

    return [faiss.StandardGpuResources() for _ in range(count_gpus())]


def on_gpus(
    resources: Sequence[Any], queries: Floats, documents: NDArray[np.floating], k: int
) -> Rows:
    """Propose with FAISS' exact search on all GPUs: each searches its share of every block.

    Vectors keep the precision in which they are stored. FAISS returns at most 2,048 neighbours from a GPU:
    for more, the cores search.
    """
    if k > GPU_MOST:
        return on_cpu(queries, documents, k)
    import faiss

    count = len(resources)

    def search(gpu: int, start: int, stop: int) -> tuple[Floats, Rows]:
        part = np.ascontiguousarray(documents[start:stop])
        scores, rows = faiss.knn_gpu(
            resources[gpu],
            queries.astype(part.dtype),
            part,
            min(k, len(part)),
            metric=faiss.METRIC_INNER_PRODUCT,
            device=gpu,
        )
        return scores, rows + start

    step = max(1, GPU_BLOCK // (count * documents.itemsize * max(documents.shape[1], 1)))
    starts = range(0, len(documents), step)
    best, best_rows = np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
    with ThreadPoolExecutor(count) as pool:
        for place in range(0, len(starts), count):
            group = starts[place : place + count]
            answers = pool.map(search, range(len(group)), group, [s + step for s in group])
            for scores, rows in answers:
                best, best_rows = _best(k, np.hstack([best, scores]), np.hstack([best_rows, rows]))
    return best_rows


def _best(k: int, scores: Floats, rows: Rows) -> tuple[Floats, Rows]:
    if scores.shape[1] <= k:
        return scores, rows
    keep = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return np.take_along_axis(scores, keep, axis=1), np.take_along_axis(rows, keep, axis=1)


def check_gpu() -> None:
    """Raise SettingsError if FAISS sees no GPU, MissingDependency if FAISS is not installed."""
    faiss_or_error()
    if not count_gpus():
        raise SettingsError(
            "--device cuda: FAISS sees no GPU here. Install negmine[gpu], or use --device cpu or auto."
        )
