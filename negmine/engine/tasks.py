"""How an artifact gets made: in one stream, part by part, or as a folder of an index's own files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import polars as pl
import pyarrow as pa

T = TypeVar("T")
PART_QUERIES = 2048  # a query is never split; some 400,000 candidates a part at k = 100
SIDE_BY_SIDE = 2  # parts that threads make at once, where they may
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
    `finish` runs after the last part and returns stats of what this command made. `threads`: parts may
    be made side by side in threads. `file_kind`: how storage writes them, `parquet` or `jsonl`.
    """

    count: int
    make: Callable[[int], pa.Table]
    sizes: Sequence[int] | None = None
    unit: str = "queries"
    finished: Callable[[pl.DataFrame], bool] | None = None
    finish: Callable[[], dict[str, Any]] = dict
    threads: bool = False
    file_kind: str = "parquet"


@dataclass(frozen=True)
class Folder:
    """An index or the data card: `make(folder)` fills an empty folder and returns the manifest's stats.

    `documents` or `rows` must be among them: the artifact's rows.
    """

    make: Callable[[Path], dict[str, Any]]


Work = Stream | Parts | Folder


def local(
    make: Callable[[int], T], numbers: Iterable[int], workers: int = 1
) -> Iterator[tuple[int, T]]:
    """Make the given parts here, in order; with several workers, so many side by side in threads."""
    if workers == 1:
        for number in numbers:
            yield number, make(number)
        return
    waiting: deque[tuple[int, Future[T]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for number in numbers:
                waiting.append((number, pool.submit(make, number)))
                if len(waiting) == workers:
                    first, future = waiting.popleft()
                    yield first, future.result()
            for number, future in waiting:
                yield number, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def once(make: Callable[[], T]) -> Callable[[], T]:
    """Return what calls `make` when it is first called, whatever the threads, and remembers what came."""
    lock, found = Lock(), list[T]()

    def get() -> T:
        with lock:
            if not found:
                found.append(make())
            return found[0]

    return get


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
