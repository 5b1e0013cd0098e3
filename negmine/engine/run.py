"""Making what is missing: skip what is fresh, redo what is stale, resume what is half done."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from negmine.config.settings import ROOMS
from negmine.data.schemas import name_of
from negmine.data.sources.problems import together
from negmine.engine.allocators import give_back
from negmine.engine.status import FRESH, State, offered, require_fresh, survey
from negmine.engine.tasks import SIDE_BY_SIDE, Folder, Parts, Stream, Work, local
from negmine.errors import InputError
from negmine.retrievers.dense import vectors as dense
from negmine.stages.context import House
from negmine.storage.locks import locked
from negmine.storage.remembered import remembering
from negmine.storage.workdir import Manifest, now, part_name, read_part

_PACKAGES = ("negmine", "polars", "pyarrow", "numpy", "bm25s", "sentence-transformers")


@dataclass(frozen=True)
class Outcome:
    """What became of one artifact: `made` or `fresh`."""

    artifact: str
    outcome: str
    manifest: Manifest
    seconds: float


def run(
    house: House,
    rooms: Collection[str],
    force: bool = False,
    only: Callable[[str], bool] = lambda artifact: True,
    remembers: bool = True,
) -> list[Outcome]:
    """Bring the artifacts of these rooms (those that `only` lets through) up to date.

    Returns what became of each. Later commands go on with the settings, if this one `remembers` them.

    Raises MissingArtifact where an earlier room has not been run or is stale; InputError with all
    problems of the user's files together.
    """
    house.force = force
    house.work.create()
    outcomes: list[Outcome] = []
    with locked(house.work.root):
        states = survey(house, strict=rooms)
        house.digest.save()
        _require_earlier(house, states, rooms)
        if "dense" in house.settings.index.retriever and {"index", "retrieve"} & set(rooms):
            dense.check_machine(house.settings.index)
        wanted = [s for s in states if s.artifact.room in rooms and only(s.artifact.name)]
        done = partial(_rooms_done, wanted, outcomes)
        with remembering(house.work, house.settings, done) if remembers else nullcontext():
            _make_all(house, wanted, force, outcomes, rooms)
    return outcomes


def _make_all(
    house: House,
    wanted: list[State],
    force: bool,
    outcomes: list[Outcome],
    rooms: Collection[str],
) -> None:
    """Make what is wanted, adding to `outcomes`; problems of the user's files are told together."""
    failures: list[InputError] = []
    failed: set[str] = set()
    todo = list(wanted)
    while todo:
        state = todo.pop(0)
        if failed & set(state.artifact.reads):
            failed.add(state.artifact.name)
            continue
        try:
            outcomes.append(_bring_up_to_date(house, state, force))
            if offered(state.identity, outcomes[-1].manifest) != state.offered:
                todo = _seen_anew(house, todo, rooms)
        except InputError as error:
            failures.append(error)
            failed.add(state.artifact.name)
    house.digest.save()
    if failures:
        raise together(failures)


def _rooms_done(wanted: list[State], outcomes: list[Outcome]) -> set[str]:
    """Return the rooms that have everything that was wanted of them."""
    made = {done.artifact for done in outcomes}
    lacking = {state.artifact.room for state in wanted if state.artifact.name not in made}
    return {state.artifact.room for state in wanted} - lacking


def _seen_anew(house: House, states: list[State], rooms: Collection[str]) -> list[State]:
    """Return these states as they are now that one they read is not what was foreseen."""
    now_known = {state.artifact.name: state for state in survey(house, strict=rooms)}
    return [now_known[state.artifact.name] for state in states]


def _require_earlier(house: House, states: list[State], rooms: Collection[str]) -> None:
    first = min(list(ROOMS).index(room) for room in rooms)
    earlier = [s.artifact.name for s in states if list(ROOMS).index(s.artifact.room) < first]
    require_fresh(house, states, earlier)


def _bring_up_to_date(house: House, state: State, force: bool) -> Outcome:
    name = state.artifact.name
    if state.state == FRESH and not force and state.manifest is not None:
        house.progress.end(name, "fresh", state.manifest.rows, 0.0)
        return Outcome(name, "fresh", state.manifest, 0.0)
    start = time.perf_counter()
    house.progress.begin(name)
    try:
        stats, files = _make(house, state, state.artifact.make(), force)
    except InputError:
        house.work.discard(name)
        raise
    parts = house.work.describe(name, files, state.identity)
    counted = stats.get("documents", stats.get("rows"))  # of what has files of its own
    table = state.artifact.schema is not None
    rows = sum(part["rows"] for part in parts) if table else int(counted or 0)
    manifest = Manifest(
        artifact=name,
        room=state.artifact.room,
        schema=name_of(state.artifact.schema) if state.artifact.schema is not None else None,
        identity=state.identity,
        revision=state.artifact.revision,
        settings=state.settings,
        inputs=state.inputs,
        rows=rows,
        seconds=round(time.perf_counter() - start, 3),
        parts=parts,
        stats=stats,
        versions=_versions(),
        made_at=now(),
    )
    house.work.commit(_counted(house, state, manifest))
    made = house.work.require(name)
    give_back()
    house.progress.end(name, "made", made.rows, made.seconds)
    return Outcome(name, "made", made, made.seconds)


def _make(
    house: House, state: State, work: Work, force: bool
) -> tuple[dict[str, Any], list[str] | None]:
    """Make all files of an artifact in its `.partial` folder; return stats and file names."""
    name, disk = state.artifact.name, house.work
    if isinstance(work, Folder):
        return work.make(disk.fresh_folder(name)), None
    if isinstance(work, Stream):
        disk.fresh_folder(name)
        count = 0
        for table in work.tables:
            disk.write_part(name, count, table, state.identity)
            count += 1
        return work.finish(), [part_name(number) for number in range(count)]
    if force:
        disk.fresh_folder(name)
    _make_parts(house, state, work, force)
    return work.finish(), [part_name(number, work.file_kind) for number in range(work.count)]


def _make_parts(house: House, state: State, work: Parts, force: bool) -> None:
    name, disk = state.artifact.name, house.work
    sizes = work.sizes or house.queries_per_part
    house.progress.total(sum(sizes), work.unit)
    wanted = []
    for number in range(work.count):
        if not force and _is_done(house, state, work, number):
            house.progress.advance(sizes[number])
        else:
            wanted.append(number)

    def write(number: int) -> None:
        disk.write_part(name, number, work.make(number), state.identity, work.file_kind)

    for number, _ in local(write, wanted, SIDE_BY_SIDE if work.threads else 1):
        if work.sizes is None:
            house.progress.advance(sizes[number])


def _is_done(house: House, state: State, work: Parts, number: int) -> bool:
    """Tell whether a part lies there already, and has nothing left to be asked or made."""
    path = house.work.find_part(state.artifact.name, number, state.identity)
    if path is None or work.finished is None:
        return path is not None
    return work.finished(read_part(path))


def _counted(house: House, state: State, manifest: Manifest) -> Manifest:
    """Add the counts that are taken from the finished rows themselves."""
    count = state.artifact.count
    if count is None:
        return manifest
    stats = {**manifest.stats, **count(house.work.scan_new(manifest))}
    return Manifest(**{**vars(manifest), "stats": stats})


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
