"""What batches are worth: false negatives in them, and how much their queries have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.jit import compiled, read_only
from negmine.stages.batch.fill import Ints, Numbers, Rows
from negmine.stages.batch.points import Points

MOST_BATCHES = 200  # that coherence is measured on
LARGEST = 256  # queries of a batch that are compared with each other


def false_negatives(rows: Rows, order: Ints, size: int) -> Numbers:
    """Return how many in-batch false negatives each row of `order` has, int32 [order].

    order: rows, int64, cut into batches of `size`; the last may be short. The loss takes every document of
    another row of the batch for a negative of the row's query; those are counted that may be relevant to it.
    """
    counts = np.zeros(len(order), np.int32)
    fixed = (order, rows.query, rows.offsets, rows.docs, rows.bad_offsets, rows.bad)
    present, marked = np.zeros(rows.groups, np.int32), np.full(rows.groups, -1, np.int64)
    compiled(_count)(*[read_only(one) for one in fixed], size, present, marked, counts)
    return counts


def measured(rows: Rows, order: Ints, size: int) -> dict[str, Any]:
    """Return the counts of `false_negatives`: batches, rows, rows with one, all, and how many a batch has."""
    counts = false_negatives(rows, order, size)
    batches = -(-len(order) // size)
    total = int(counts.sum())
    return {
        "batches": batches,
        "rows": len(order),
        "rows_with": int((counts > 0).sum()),
        "false_negatives": total,
        "per_batch": round(total / max(batches, 1), 3),
    }


def coherence(points: Points, queries: Sequence[Ints]) -> dict[str, float]:
    """Return mean cosines of two queries of a batch, and of a query and the nearest other one of its batch.

    queries: of each batch that is looked at, each query once.
    """
    pairs, nearest = [], []
    for batch in queries:
        if len(batch) < 2:
            continue
        cosines = points.cosines(batch[:LARGEST])
        others = len(cosines) * (len(cosines) - 1)
        pairs.append((cosines.sum() - np.trace(cosines)) / others)
        np.fill_diagonal(cosines, -np.inf)
        nearest.append(cosines.max(axis=1).mean())
    return {"mean": _mean(pairs), "nearest": _mean(nearest)}


def sampled_batches(query: NDArray[np.int32], order: Ints, size: int) -> list[Ints]:
    """Return the queries of up to MOST_BATCHES whole batches, evenly spread over `order`."""
    whole = len(order) // size
    picked = np.unique(np.linspace(0, whole - 1, min(whole, MOST_BATCHES)).astype(np.int64))
    return [np.unique(query[order[n * size : (n + 1) * size]]).astype(np.int64) for n in picked]


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if len(values) else 0.0


def _count(
    order: Any, query: Any, offsets: Any, docs: Any, bad_offsets: Any, bad: Any,
    size: int, present: Any, marked: Any, counts: Any,
) -> None:  # fmt: skip
    """Count per batch how often each group is there; then for each row those that are bad, but for its own."""
    for start in range(0, len(order), size):
        stop = min(start + size, len(order))
        for at in range(start, stop):
            for place in range(offsets[order[at]], offsets[order[at] + 1]):
                present[docs[place]] += 1
        for at in range(start, stop):
            row = order[at]
            for place in range(bad_offsets[query[row]], bad_offsets[query[row] + 1]):
                counts[at] += present[bad[place]]
                marked[bad[place]] = at
            for place in range(offsets[row], offsets[row + 1]):
                counts[at] -= marked[docs[place]] == at
        for at in range(start, stop):
            for place in range(offsets[order[at]], offsets[order[at] + 1]):
                present[docs[place]] = 0
