"""A task: make one part of an artifact. A small picklable value, for this process or any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

import polars as pl

from negmine.engine.command import Command
from negmine.engine.context import Context
from negmine.engine.progress import Progress, TaskNotes
from negmine.engine.tasks import TASK, Filled, Folder, Made, Parts, Place, Stream, Work
from negmine.storage.chunks import is_shared
from negmine.storage.cooperation import bring_begun, put_cached
from negmine.storage.parquet import part_name
from negmine.storage.pieces import pieces_alone, read_pieces, remove_pieces, write_piece


@dataclass(frozen=True)
class PartResult:
    """What became of a task: the files it wrote (of a folder: None), numbers, notes for the user."""

    number: int | None
    files: list[str] | None
    stats: Mapping[str, Any]
    notes: tuple[str, ...] = ()


class Opened(NamedTuple):
    """What a process has open to make parts of an artifact."""

    context: Context
    work: Work


@dataclass(frozen=True)
class PartTask:
    """Make one part of an artifact, or one of the steps before it; all of it where `number` is None.

    make: a function of a module, or a partial of one, so that it is pickled by its name. place: see Parts.
    piece: the piece of the part that is made. pieces: how many there are to merge into it; with none, it is
    made whole; an index is filled from as many pieces.
    """

    command: Command
    artifact: str
    make: Callable[[Context], Work]
    identity: str
    number: int | None = None
    place: Place = TASK
    piece: int | None = None
    pieces: int = 0

    def __call__(self, progress: Progress | None = None) -> PartResult:
        """Make it and write it into the artifact's unfinished folder.

        progress: hears of it in a process that did not give the command; by default, notes are kept.
        """
        context, work = opened(self, progress)
        result = self._made(context, work)
        if is_shared():
            put_cached(context.work)
        if not isinstance(context.progress, TaskNotes):
            return result
        return PartResult(result.number, result.files, result.stats, context.progress.take())

    def _made(self, context: Context, work: Work) -> PartResult:
        if isinstance(work, Parts):
            return self._part(context, work)
        if isinstance(work, Stream):
            return self._stream(context, work)
        if isinstance(work, Filled):
            return self._filled(context, work)
        return self._folder(context, work)

    def _part(self, context: Context, work: Parts) -> PartResult:
        assert self.number is not None
        if self.piece is not None:
            return self._piece(context, work, self.number, self.piece)
        if work.pieces is not None and self.pieces:
            count, identity = self.pieces, self.identity
            pieces = read_pieces(context.work, self.artifact, self.number, count, identity)
            made = work.pieces.merge(self.number, pieces)
        else:
            made = work.make(self.number)
        part = made if isinstance(made, Made) else Made(made)
        name = part_name(self.number, work.file_kind)
        context.work.write_part(
            self.artifact, self.number, part.table, self.identity, work.file_kind
        )
        return PartResult(self.number, [name], part.stats)

    def _piece(self, context: Context, work: Parts, part: int, piece: int) -> PartResult:
        assert work.pieces is not None
        table = work.pieces.make(piece, part)
        write_piece(context.work, self.artifact, part, piece, table, self.identity)
        return PartResult(part, [], {})

    def _folder(self, context: Context, work: Folder) -> PartResult:
        if self.number is None:
            return PartResult(None, None, work.make(context.work.fresh_folder(self.artifact)))
        assert work.steps is not None
        bring_begun(context.work, self.artifact, self.identity)
        return PartResult(self.number, [], work.steps.make(self.number))

    def _filled(self, context: Context, work: Filled) -> PartResult:
        disk, name, identity = context.work, self.artifact, self.identity
        if self.number is not None:
            write_piece(disk, name, self.number, 0, work.make(self.number), identity)
            return PartResult(self.number, [], {})

        def tables() -> Iterator[pl.DataFrame]:
            for number in range(len(work.sizes())):
                if self.pieces:
                    yield from read_pieces(disk, name, number, 1, identity)
                else:
                    yield pl.DataFrame(work.make(number))

        folder = pieces_alone(disk, name, identity) if self.pieces else disk.fresh_folder(name)
        stats = work.fill(folder, tables())
        remove_pieces(disk, name)
        return PartResult(None, None, stats)

    def _stream(self, context: Context, work: Stream) -> PartResult:
        disk = context.work
        disk.fresh_folder(self.artifact)
        count = 0
        for table in work.tables:
            disk.write_part(self.artifact, count, table, self.identity, work.file_kind)
            count += 1
        names = [part_name(number, work.file_kind) for number in range(count)]
        return PartResult(None, names, work.finish())


_lock = Lock()
_last: list[tuple[tuple[str, ...], Opened]] = []  # what this process has open: one artifact's work


def opened(task: PartTask, progress: Progress | None = None) -> Opened:
    """Return the work of a task, opened once for all parts of an artifact that this process makes."""
    command = task.command
    key = (command.work, task.artifact, task.identity, command.name)
    with _lock:
        if not _last or _last[0][0] != key:
            _last.clear()  # before the next is opened: two need not fit
            context = command.context(TaskNotes() if progress is None else progress)
            work = task.make(context)
            if isinstance(context.progress, TaskNotes):
                context.progress.take()  # the driver has opened the work, too, and made these notes
            _last[:] = [(key, Opened(context, work))]
        return _last[0][1]


def close() -> None:
    """Let go of what is open: an artifact is complete, or has failed."""
    with _lock:
        _last.clear()
