"""How an artifact gets made: in one stream, part by part, or as a folder of an index's own files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

PART_QUERIES = 4096  # a query is never split; about a million candidates a part at k = 100
PART_DOCUMENTS = 16_384


@dataclass(frozen=True)
class Stream:
    """Tables that come one after the other, each knowing those before; not resumable within.

    `finish` runs after the last table and before anything is put in place: it may refuse the lot,
    and returns the manifest's stats.
    """

    tables: Iterator[pa.Table]
    finish: Callable[[], dict[str, Any]] = dict


@dataclass(frozen=True)
class Parts:
    """Parts that can be made alone and in any order; resumable. `make(i)` returns part i.

    Part i of everything after room 1 is about the queries in part i of `queries`. Where making a part
    takes long, `make` tells its own progress in `unit`, and `sizes` says how much there is in each.
    `finished` looks at a part that lies there and tells whether it need not be made again; then the
    manifest's stats of an artifact with other parts have to say `unfinished` (see states.py).
    `finish` runs after the last part and returns stats of what this command made.
    """

    count: int
    make: Callable[[int], pa.Table]
    sizes: Sequence[int] | None = None
    unit: str = "queries"
    finished: Callable[[pa.Table], bool] | None = None
    finish: Callable[[], dict[str, Any]] = dict


@dataclass(frozen=True)
class Folder:
    """An index or the data card: `make(folder)` fills an empty folder and returns the manifest's stats.

    `documents` or `rows` must be among them: the artifact's rows.
    """

    make: Callable[[Path], dict[str, Any]]


Work = Stream | Parts | Folder


def local(
    make: Callable[[int], pa.Table], numbers: Iterable[int]
) -> Iterator[tuple[int, pa.Table]]:
    """Make the given parts here, one after the other."""
    for number in numbers:
        yield number, make(number)


def rechunk(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables of exactly `rows` (the last may be shorter)."""
    waiting: list[pa.Table] = []
    count = 0
    for table in tables:
        waiting.append(table)
        count += table.num_rows
        while count >= rows:
            joined = pa.concat_tables(waiting, promote_options="default")
            yield joined.slice(0, rows)
            waiting, count = [joined.slice(rows)], count - rows
    if count:
        yield pa.concat_tables(waiting, promote_options="default")
