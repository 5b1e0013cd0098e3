"""How an artifact gets made: in one stream, part by part, or as a folder of an index's own files.

A task is a picklable value; an executor may run it in this thread, in another process, or elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import polars as pl
import pyarrow as pa

from negmine.engine.context import Context
from negmine.engine.progress import Notes
from negmine.storage.parquet import PARQUET, part_name

T = TypeVar("T")
Stats = dict[str, Any]


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
class Parts:
    """Parts that can be made alone and in any order; resumable. `make(i)` returns part i.

    Part i of everything after stage 1 is about the queries in part i of `queries`. Where making a part
    takes long, `make` reports its own progress in `unit`, and `sizes` tells how much there is in each.
    `finished` looks at a part on disk and tells whether it need not be made again; then the manifest's
    stats of an artifact with other parts have to have `unfinished` (see status.py). `finish` gets the
    stats of the parts that this command made, and returns the manifest's. `threads`: parts may be made
    side by side in threads. `file_kind`: how storage writes them, `parquet` or `jsonl`. What `make` needs,
    it opens when it is first called.
    """

    count: int
    make: Callable[[int], Made | pa.Table]
    sizes: Sequence[int] | None = None
    unit: str = "queries"
    finished: Callable[[pl.DataFrame], bool] | None = None
    finish: Callable[[Sequence[Mapping[str, Any]]], Stats] = lambda stats: {}
    threads: bool = False
    file_kind: str = PARQUET


@dataclass(frozen=True)
class Folder:
    """An index or the data card: `make(folder)` fills an empty folder and returns the manifest's stats.

    `documents` or `rows` must be among them: the artifact's rows.
    """

    make: Callable[[Path], Stats]


Work = Stream | Parts | Folder


@dataclass(frozen=True)
class PartResult:
    """What became of a task: the files it wrote (of a folder: None), numbers, notes for the user."""

    number: int | None
    files: list[str] | None
    stats: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartTask:
    """Make one part of an artifact, or all of it where `number` is None."""

    context: Context
    artifact: str
    make: Callable[[Context], Work]
    identity: str
    number: int | None = None

    def __call__(self) -> PartResult:
        """Make it and write it into the artifact's unfinished folder."""
        work = opened(self)
        if isinstance(work, Parts):
            result = self._part(work)
        elif isinstance(work, Stream):
            result = self._stream(work)
        else:
            folder = self.context.work.fresh_folder(self.artifact)
            result = PartResult(None, None, work.make(folder))
        progress = self.context.progress
        if not isinstance(progress, Notes):
            return result
        return PartResult(result.number, result.files, result.stats, progress.take())

    def _part(self, work: Parts) -> PartResult:
        assert self.number is not None
        made = work.make(self.number)
        part = made if isinstance(made, Made) else Made(made)
        name = part_name(self.number, work.file_kind)
        self.context.work.write_part(
            self.artifact, self.number, part.table, self.identity, work.file_kind
        )
        return PartResult(self.number, [name], part.stats)

    def _stream(self, work: Stream) -> PartResult:
        disk = self.context.work
        disk.fresh_folder(self.artifact)
        count = 0
        for table in work.tables:
            disk.write_part(self.artifact, count, table, self.identity, work.file_kind)
            count += 1
        names = [part_name(number, work.file_kind) for number in range(count)]
        return PartResult(None, names, work.finish())


_lock = Lock()
_last: list[tuple[tuple[str, ...], Work]] = []  # what this worker has open: one artifact's work


def opened(task: PartTask) -> Work:
    """Return the work of a task, opened once for all parts of an artifact that this process makes."""
    key = (task.context.work.name, task.artifact, task.identity, task.context.command)
    with _lock:
        if not _last or _last[0][0] != key:
            _last[:] = [(key, task.make(task.context))]
        return _last[0][1]


def close() -> None:
    """Let go of what is open: an artifact is complete, or has failed."""
    with _lock:
        _last.clear()


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
