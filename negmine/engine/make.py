"""Make an artifact's files in its `.partial` folder, as tasks of an executor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from negmine.config.memory import SIDE_BY_SIDE
from negmine.engine import part_task
from negmine.engine.command import command_of
from negmine.engine.context import Context
from negmine.engine.executors.local import Executor
from negmine.engine.part_task import PartResult, PartTask
from negmine.engine.status import State
from negmine.engine.tasks import DRIVER, MODEL, TASK, Filled, Folder, Parts, Place, Stats, Steps
from negmine.storage.cooperation import list_cached, put_begun
from negmine.storage.parquet import part_name, read_part
from negmine.storage.pieces import has_piece, pieces_alone

Numbers = Mapping[str, Any]
SEARCHES = "searches"  # of a query in a shard


def make(context: Context, executor: Executor, state: State) -> tuple[Stats, list[str] | None]:
    """Make what is missing of an artifact; return the manifest's stats, and the names of its files.

    The names are None where a folder was filled: then all files that are there are its own.
    """
    artifact = state.artifact
    task = PartTask(command_of(context), artifact.name, artifact.make, state.identity, place=DRIVER)
    work = part_task.opened(task).work
    made = _Made(context, executor, task)
    if isinstance(work, Parts):
        if context.force:
            context.work.fresh_folder(artifact.name)
        stats = made.parts(work)
        return work.finish(stats), [part_name(n, work.file_kind) for n in range(work.count)]
    if isinstance(work, Filled):
        result = made.filled(work)
        return dict(result.stats), result.files
    steps = work.steps if isinstance(work, Folder) else None
    before = [] if steps is None else made.steps(steps)
    result = next(made.results([task], 1))
    filled = dict(result.stats)
    return filled if steps is None else steps.finish(filled, before), result.files


class _Made:
    """Makes tasks of one artifact. task: with what all of them have."""

    def __init__(self, context: Context, executor: Executor, task: PartTask) -> None:
        self._context, self._executor, self._task = context, executor, task
        self._has_workers = context.config.index.engine != "local"

    def steps(self, steps: Steps) -> list[Numbers]:
        """Make the steps that are not made yet; return their numbers."""
        progress, work = self._context.progress, self._context.work
        if self._has_workers:
            list_cached(work)  # of a command that was killed
        sizes, missing = steps.sizes(), steps.missing()
        progress.total(sum(sizes), steps.unit)
        self._advance_done(sizes, missing)
        if missing:
            steps.begin(work.fresh_folder(self._task.artifact))
            if self._has_workers:
                put_begun(work, self._task.artifact, self._task.identity)
        made = []
        wanted = (replace(self._task, number=number, place=steps.place) for number in missing)
        for result in self.results(wanted, 1):
            steps.check(result.stats)
            made.append(result.stats)
        self._list_cached(steps.place)
        return made

    def filled(self, work: Filled) -> PartResult:
        """Make the tables, as pieces where there are workers; then fill the folder."""
        work.check()
        sizes, disk, task = work.sizes(), self._context.work, self._task
        self._context.progress.total(sum(sizes), work.unit)
        if self._has_workers:
            if self._context.force:
                disk.fresh_folder(task.artifact)
            pieces_alone(disk, task.artifact, task.identity)
            missing = [number for number in range(len(sizes)) if not self._has_table(number)]
            self._advance_done(sizes, missing)
            wanted = (replace(task, number=number, place=TASK, piece=0) for number in missing)
            for _ in self.results(wanted, 1):
                pass
            task = replace(task, pieces=len(sizes))
        return next(self.results([task], 1))

    def _has_table(self, number: int) -> bool:
        task = self._task
        there = has_piece(self._context.work, task.artifact, number, 0, task.identity)
        return there and not self._context.force

    def parts(self, work: Parts) -> list[Numbers]:
        """Make the parts that are not there yet; return their stats."""
        progress = self._context.progress
        sizes = work.sizes or self._context.work.queries_per_part()
        missing = [number for number in range(work.count) if not self._is_done(work, number)]
        pieces = work.pieces.count() if work.pieces is not None and missing else 0
        task, in_pieces = replace(self._task, place=work.place), pieces > 1
        times = pieces if in_pieces else 1
        progress.total(times * sum(sizes), SEARCHES if in_pieces else work.unit)
        self._advance_done(sizes, missing, times)
        if in_pieces:
            self._pieces(task, missing, pieces, sizes)
            task = replace(task, pieces=pieces)
        stats = []
        wanted = (replace(task, number=number) for number in missing)
        for result in self.results(wanted, SIDE_BY_SIDE if work.threads else 1):
            stats.append(result.stats)
            if work.sizes is None and not in_pieces and result.number is not None:
                progress.advance(sizes[result.number])
        self._list_cached(work.place)
        return stats

    def _list_cached(self, place: Place) -> None:
        """List what workers with a model have added to the caches."""
        if self._has_workers and place == MODEL:
            list_cached(self._context.work)

    def _advance_done(self, sizes: Sequence[int], missing: Sequence[int], times: int = 1) -> None:
        """Report what is done already, if there is some."""
        done = times * (sum(sizes) - sum(sizes[number] for number in missing))
        if done:
            self._context.progress.advance(done)

    def _pieces(
        self, task: PartTask, parts: Sequence[int], count: int, sizes: Sequence[int]
    ) -> None:
        """Make the pieces that are not there yet: those of all parts in the first shard, then in the next."""
        context, wanted = self._context, []
        for piece in range(count):
            for part in parts:
                if has_piece(context.work, task.artifact, part, piece, task.identity):
                    context.progress.advance(sizes[part])
                else:
                    wanted.append(replace(task, number=part, piece=piece))
        for result in self.results(wanted, 1):
            if result.number is not None:
                context.progress.advance(sizes[result.number])

    def results(self, wanted: Iterable[PartTask], side_by_side: int) -> Iterator[PartResult]:
        """Run tasks; pass their notes on, each once: every process that opens the work makes its notes."""
        passed: set[str] = set()
        for result in self._executor(wanted, side_by_side):
            for note in dict.fromkeys(result.notes):
                if note not in passed:
                    self._context.progress.note(note)
            passed.update(result.notes)
            yield result

    def _is_done(self, work: Parts, number: int) -> bool:
        """Tell whether a part is on disk already, with nothing left to be made in it."""
        if self._context.force:
            return False
        found = self._context.work.find_whole_part(self._task.artifact, number, self._task.identity)
        if found is None or work.finished is None:
            return found is not None
        return work.finished(read_part(found))
