"""What came of composing: the rows of the map, and what the batches are worth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from negmine.stages.batch.count import coherence, measured, sampled_batches
from negmine.stages.batch.fill import DRAWN, Filler, Ints, Numbers
from negmine.stages.batch.points import Points, shuffled
from negmine.stages.batch.rows import TrainingRows
from negmine.stages.batch.settings import FILES, BatchSettings

LEFT_OVER = ("conflict", "remainder")  # why a row has no batch


@dataclass(frozen=True)
class Composed:
    """The composed batches.

    rows: batch?, place?, row, query_id, cluster?, why, in the order of the new file. stats: for the manifest.
    """

    rows: pl.DataFrame
    stats: dict[str, Any]


def composed(
    training: TrainingRows,
    filler: Filler,
    cluster: Numbers,
    points: Points | None,
    settings: BatchSettings,
) -> Composed:
    """Put full batches in random order, and rows without one last, in the order of the old file.

    With --layout files, a batch is a file, and files stay as they come. cluster: int32 [rows], -1 where a row
    has none. points: the queries' vectors, where there are any.
    """
    count = filler.batches
    number = np.arange(count, dtype=np.int32)
    if settings.layout != FILES:
        number[shuffled(np.arange(count), settings.seed)] = np.arange(count, dtype=np.int32)
    batch = np.append(number, np.int32(-1))[filler.batch]  # -1 is last
    order = np.lexsort((filler.place, np.where(batch < 0, count, batch))).astype(np.int64)
    why = _why(filler, settings.by)
    rows = pl.DataFrame(
        {
            "batch": batch[order],
            "place": filler.place[order],
            "row": order,
            "query_id": training.query_ids[training.rows.query[order]],
            "cluster": cluster[order],
            "why": why.gather(order),
        }
    ).with_columns(pl.when(pl.col(name) >= 0).then(name) for name in ("batch", "place", "cluster"))
    placed = order[: int((batch >= 0).sum())]
    stats = _stats(training, placed, batch[placed], why, points, settings)
    return Composed(rows, {**stats, "fullest": filler.fullest})


def whole_batches(batch: Numbers, size: int) -> Ints:
    """Return the places of rows that are in whole batches, where each run of equal numbers is cut into batches.

    batch: ascending, int32.
    """
    _, starts, counts = np.unique(batch, return_index=True, return_counts=True)
    place = np.arange(len(batch)) - np.repeat(starts, counts)
    return np.flatnonzero(place < np.repeat(counts // size * size, counts))


def _why(filler: Filler, by: str) -> pl.Series:
    """Return why each row has its batch, or has none."""
    placed = np.where(filler.how == DRAWN, by, np.where(filler.waited == 1, "waited", "in_turn"))
    left = np.where(filler.waited == 1, *LEFT_OVER)
    return pl.Series(np.where(filler.batch >= 0, placed, left).astype(object), dtype=pl.String)


def _stats(
    training: TrainingRows,
    placed: Ints,
    batch: Numbers,
    why: pl.Series,
    points: Points | None,
    settings: BatchSettings,
) -> dict[str, Any]:
    """Return counts, and what the order of the old file, a random one, and the composed one are worth.

    placed: the rows that have a batch, in order. batch: its number.
    """
    rows, size = training.rows, settings.batch_size
    order = placed[whole_batches(batch, size)]
    every = np.arange(len(rows))
    orders = {"file": every, "shuffled": shuffled(every, settings.seed), "composed": order}
    counts = Counter(why.to_list())
    stats: dict[str, Any] = {
        "batches": len(order) // size,
        "batch_size": size,
        "in_batches": len(placed),
        "left_over": {name: counts.get(name, 0) for name in LEFT_OVER},
        "why": dict(sorted(counts.items())),
        "false_negatives": {name: measured(rows, one, size) for name, one in orders.items()},
    }
    if points is not None:
        stats["coherence"] = {
            name: coherence(points, sampled_batches(rows.query, one, size))
            for name, one in orders.items()
        }
    return stats
