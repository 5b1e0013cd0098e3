"""Write the rows of many parts in another order, with the memory of a few parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from negmine.stages.batch.fill import Ints
from negmine.storage.files import new_folder, write_rows

AT_ONCE = 64 << 20  # bytes of rows that are spread over the buckets at once
PART = 4_096  # rows of a part that comes out, about
PLACE = "negmine place"  # a column that no table has


def part_rows(batch_size: int) -> int:
    """Return how many rows a part has: whole batches."""
    return max(PART // batch_size, 1) * batch_size


def in_order(
    parts: Iterable[pl.DataFrame], order: Ints, rows: int, folder: Path
) -> Iterator[pl.DataFrame]:
    """Yield parts of `rows` rows: row i of all is row order[i] of what `parts` has, from 0.

    folder: rows are put aside there, each in the file of the part that it goes to.
    """
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    new_folder(folder)
    files: dict[int, list[Path]] = {}
    start = 0
    for number, some in enumerate(_together(parts)):
        own = pl.Series(PLACE, place[start : start + some.height])
        start += some.height
        for key, piece in some.with_columns(own).group_by(own // rows, maintain_order=True):
            bucket = int(key[0])
            path = folder / f"{bucket}-{number}.arrow"
            write_rows(path, piece)
            files.setdefault(bucket, []).append(path)
    for bucket in range(-(-len(order) // rows)):
        pieces = [pl.read_ipc(path) for path in files[bucket]]
        yield pl.concat(pieces).sort(PLACE).drop(PLACE)


def _together(parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    waiting: list[pl.DataFrame] = []
    for part in parts:
        waiting.append(part)
        if sum(one.estimated_size() for one in waiting) >= AT_ONCE:
            yield pl.concat(waiting)
            waiting = []
    if waiting:
        yield pl.concat(waiting)
