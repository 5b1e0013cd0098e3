"""How an artifact gets made: in one stream, part by part, or as a folder of an index's own files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Literal, TypeVar

import polars as pl
import pyarrow as pa

from negmine.storage.parquet import PARQUET

T = TypeVar("T")
Stats = dict[str, Any]
Place = Literal["task", "model", "driver"]
TASK: Place = "task"
MODEL: Place = "model"
DRIVER: Place = "driver"


@dataclass(frozen=True)
class Stream:
    """Tables that come one after the other, each knowing those before; not resumable within.

    `finish` runs after the last table and before anything is put in place: it may refuse the lot,
    and returns the manifest's stats. `file_kind`: how storage writes them, `parquet` or `jsonl`.
    """

    tables: Iterator[pa.Table]
    finish: Callable[[], Stats] = dict
    file_kind: str = PARQUET


@dataclass(frozen=True)
class Made:
    """A part: its table, and numbers for the manifest."""

    table: pa.Table
    stats: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pieces:
    """What parts are merged from, where that pays: what each shard finds for the queries of a part.

    `count()`: how many pieces a part has; below 2, parts are made whole. Only the process that gave the
    command calls it. `make(piece, part)` makes a piece. `merge(part, pieces)` makes a part of all its pieces,
    in order. First come the first pieces of all parts, then the second ones: a process opens one shard after
    the other.
    """

    count: Callable[[], int]
    make: Callable[[int, int], pa.Table]
    merge: Callable[[int, Sequence[pl.DataFrame]], Made | pa.Table]


@dataclass(frozen=True)
class Parts:
    """Parts that can be made alone and in any order; resumable. `make(i)` returns part i.

    Part i of everything after stage 1 is about the queries in part i of `queries`. Where making a part
    takes long, `make` reports its own progress in `unit`, and `sizes` tells how much there is in each.
    `finished` looks at a part on disk and tells whether it need not be made again; then the manifest's
    stats of an artifact with other parts have to have `unfinished` (see status.py). `finish` gets the
    stats of the parts that this command made, and returns the manifest's. `threads`: parts may be made
    side by side in threads. `file_kind`: how storage writes them, `parquet` or `jsonl`. What `make` needs,
    it opens when it is first called. `pieces`: what parts may be merged from. `place`: where an executor with
    several processes makes them. `task`: in any. `model`: in some that live until the artifact is made, since
    each loads a model. `driver`: in the one that gave the command.
    """

    count: int
    make: Callable[[int], Made | pa.Table]
    sizes: Sequence[int] | None = None
    unit: str = "queries"
    finished: Callable[[pl.DataFrame], bool] | None = None
    finish: Callable[[Sequence[Mapping[str, Any]]], Stats] = lambda stats: {}
    threads: bool = False
    file_kind: str = PARQUET
    place: Place = TASK
    pieces: Pieces | None = None


@dataclass(frozen=True)
class Steps:
    """Work before a folder is filled, in steps that can be made alone and in any order: encoding texts.

    What a step makes goes into a cache, where filling the folder finds it; so a step that was lost, or a
    command that was killed, goes on from there. `make(i)` makes step i, reports its own progress in `unit`, and
    returns numbers. The others are called by the process that gave the command. `sizes`: how much there is in
    each step. `missing`: the steps that are not made yet. `begin(folder)`: gets the empty folder before the
    first of them; what it writes there is for the steps alone. `check` looks at the numbers of each step as it
    ends, and may raise. `finish` gets the stats of the folder and the numbers of all steps; it returns the
    manifest's stats. `place`: as of Parts.
    """

    make: Callable[[int], Stats]
    sizes: Callable[[], Sequence[int]]
    missing: Callable[[], Sequence[int]]
    begin: Callable[[Path], None]
    check: Callable[[Mapping[str, Any]], None]
    finish: Callable[[Stats, Sequence[Mapping[str, Any]]], Stats]
    unit: str = "texts"
    place: Place = MODEL


@dataclass(frozen=True)
class Folder:
    """An index or the data card: `make(folder)` fills an empty folder and returns the manifest's stats.

    `documents` or `rows` must be among them: the artifact's rows. steps: what is made before.
    """

    make: Callable[[Path], Stats]
    steps: Steps | None = None


@dataclass(frozen=True)
class Filled:
    """An index that is filled from tables which can be made alone and in any order: `make(i)` returns table i.

    On a cluster, workers make the tables. Each lies in the unfinished folder as a piece until the index is
    filled, so a command that was killed goes on from there. In one process each is made when it is asked for.
    `fill(folder, tables)` is called by the process that gave the command. It gets all tables in order, fills
    the folder, and returns the manifest's stats as Folder.make does. `sizes`: how much there is in each table.
    `make` reports its own progress, in `unit`. `check`: raises, before the first table, for what cannot be.
    """

    make: Callable[[int], pa.Table]
    fill: Callable[[Path, Iterator[pl.DataFrame]], Stats]
    sizes: Callable[[], Sequence[int]]
    unit: str = "rows"
    check: Callable[[], None] = lambda: None


Work = Stream | Parts | Folder | Filled


def once(make: Callable[[], T]) -> Callable[[], T]:
    """Return a function that calls `make` the first time, whatever the threads, and keeps the value."""
    lock, values = Lock(), list[T]()

    def get() -> T:
        with lock:
            if not values:
                values.append(make())
            return values[0]

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
