"""Who proposes the nearest documents, by float32 products: this machine's cores, or its GPUs.

A proposal is k rows per query in no particular order; `exact.py` scores them again and decides. Documents
are streamed block by block, so memory holds a block and what was found, never the corpus.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.errors import MissingDependency, SettingsError
from negmine.jit import compiled, in_threads

PRODUCTS = 64 << 20  # bytes of products that wait at once, unless --memory is small
GPU_BLOCK = 1 << 30  # bytes of documents that go to the GPUs at once
GPU_MOST = 2048  # FAISS on a GPU returns no more neighbours than this

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Propose = Callable[[Floats, NDArray[np.floating], int], Rows]


def proposer(device: str, products: int = PRODUCTS) -> Propose:
    """Return what proposes on this device: (queries, documents, k) to int64 [queries, k].

    products: bytes of matrix products that may wait at once.
    GPUs search where FAISS sees any, with vectors in the precision they are stored in.
    """
    gpus = 0 if device == "cpu" else count_gpus()
    return partial(on_gpus, gpus) if gpus else partial(on_cpu, products=products)


def on_cpu(
    queries: Floats, documents: NDArray[np.floating], k: int, products: int = PRODUCTS
) -> Rows:
    """Propose by matrix products over blocks of documents, each query keeping its own limit.

    products: bytes of the products of a block.
    """
    count = len(queries)
    block = min(max(products // (4 * max(count, 1)), 256), max(len(documents), 1))
    line = np.empty((count, block), np.float32)
    scores = np.empty((count, 2 * k + 64), np.float32)
    rows = np.empty(scores.shape, np.int64)
    held, limits = np.zeros(count, np.int64), np.full(count, -np.inf, np.float32)
    keep = compiled(_keep_best)
    for first in range(0, len(documents), block):
        part = np.asarray(documents[first : first + block], np.float32)
        found = np.matmul(queries, part.T, out=line[:, : len(part)])
        state = (scores, rows, held, limits)
        last = first + len(part) == len(documents)
        in_threads(partial(_slice_of, keep, found, first, k, last, state), count)
    return rows[:, :k].copy()


def _slice_of(
    keep: Callable[..., None],
    found: Floats,
    first: int,
    k: int,
    last: bool,
    state: Any,
    a: int,
    b: int,
) -> None:
    keep(found[a:b], first, k, last, *(array[a:b] for array in state))


def _keep_best(
    products: Floats,
    first: int,
    k: int,
    last: bool,
    scores: Floats,
    rows: Rows,
    held: NDArray[np.int64],
    limits: Floats,
) -> None:
    """Append what is above a query's limit; a full list is cut to its best k, which sets the limit."""
    room = scores.shape[1]
    for query in range(products.shape[0]):
        count, limit = held[query], limits[query]
        for column in range(products.shape[1] + 1):
            ended = column == products.shape[1]
            if not ended and products[query, column] > limit:
                scores[query, count] = products[query, column]
                rows[query, count] = first + column
                count += 1
            if count == room or (ended and last and count > k):
                limit = np.partition(scores[query, :count], count - k)[count - k]
                above, equal = 0, k - np.sum(scores[query, :count] > limit)
                for place in range(count):
                    score = scores[query, place]
                    if score > limit or (score == limit and equal > 0):
                        equal -= score == limit
                        scores[query, above], rows[query, above] = score, rows[query, place]
                        above += 1
                count = above
        held[query], limits[query] = count, limit


def on_gpus(gpus: int, queries: Floats, documents: NDArray[np.floating], k: int) -> Rows:
    """Propose with FAISS' exact search on all GPUs: each takes its share of every block.

    Above 2,048 neighbours, which FAISS does not return from a GPU, the cores do it.
    """
    if k > GPU_MOST:
        return on_cpu(queries, documents, k)
    import faiss

    resources = [faiss.StandardGpuResources() for _ in range(gpus)]
    asked = queries.astype(documents.dtype)

    def search(gpu: int, start: int, stop: int) -> tuple[Floats, Rows]:
        part = np.ascontiguousarray(documents[start:stop])
        scores, rows = faiss.knn_gpu(
            resources[gpu],
            asked,
            part,
            min(k, len(part)),
            metric=faiss.METRIC_INNER_PRODUCT,
            device=gpu,
        )
        return scores, rows + start

    step = max(1, GPU_BLOCK // (gpus * documents.itemsize * max(documents.shape[1], 1)))
    starts = range(0, len(documents), step)
    best, best_rows = np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
    with ThreadPoolExecutor(gpus) as pool:
        for place in range(0, len(starts), gpus):
            group = starts[place : place + gpus]
            answers = pool.map(search, range(len(group)), group, [s + step for s in group])
            for scores, rows in answers:
                best, best_rows = _best(k, np.hstack([best, scores]), np.hstack([best_rows, rows]))
    return best_rows


def _best(k: int, scores: Floats, rows: Rows) -> tuple[Floats, Rows]:
    if scores.shape[1] <= k:
        return scores, rows
    keep = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return np.take_along_axis(scores, keep, axis=1), np.take_along_axis(rows, keep, axis=1)


def count_gpus() -> int:
    """Return how many GPUs FAISS sees; none where FAISS is not installed."""
    try:
        import faiss
    except ImportError:
        return 0
    return int(getattr(faiss, "get_num_gpus", lambda: 0)())


def check_gpu() -> None:
    """Raise SettingsError where FAISS cannot search on a GPU, MissingDependency where there is none."""
    try:
        import faiss  # noqa: F401
    except ImportError as error:
        raise no_faiss() from error
    if not count_gpus():
        raise SettingsError(
            "--device cuda: FAISS sees no GPU here. Install negmine[gpu], or use --device cpu or auto."
        )


def no_faiss() -> MissingDependency:
    """Return the error that says which extra to install."""
    return MissingDependency(
        "Search on a GPU, and --index, need FAISS. Install it: pip install 'negmine[cpu]' or 'negmine[gpu]'"
    )
