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


def ends_of(rows: int, part: int) -> Ints:
    """Return where parts of `part` rows end; the last may be shorter."""
    return np.minimum(np.arange(1, -(-rows // part) + 1) * part, rows)


def in_order(
    parts: Iterable[pl.DataFrame], order: Ints, ends: Ints, folder: Path
) -> Iterator[pl.DataFrame]:
    """Yield parts that end at `ends`: row i of all is row order[i] of what `parts` has, from 0.

    Rows from ends[-1] on are left out. folder: rows are put aside there, each in the file of the part that it
    goes to.
    """
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    new_folder(folder)
    files: dict[int, list[Path]] = {}
    start = 0
    for number, some in enumerate(_together(parts)):
        own = pl.Series(PLACE, place[start : start + some.height])
        start += some.height
        part = pl.Series("part", np.searchsorted(ends, own.to_numpy(), side="right"))
        for key, piece in some.with_columns(own).group_by(part, maintain_order=True):
            bucket = int(key[0])
            if bucket == len(ends):
                continue
            path = folder / f"{bucket}-{number}.arrow"
            write_rows(path, piece)
            files.setdefault(bucket, []).append(path)
    for bucket in range(len(ends)):
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
