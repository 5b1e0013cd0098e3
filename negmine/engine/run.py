"""Make what is missing: skip what is fresh, redo what is stale, resume what is half done."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import cache, partial

from negmine.config.settings import STAGES
from negmine.data.schemas import name_of
from negmine.data.sources.problems import together
from negmine.engine import part_task
from negmine.engine.allocators import give_back
from negmine.engine.artifact import Artifact
from negmine.engine.command import given
from negmine.engine.context import Context
from negmine.engine.executors.choose import chosen
from negmine.engine.executors.local import Executor, local
from negmine.engine.make import make
from negmine.engine.status import FRESH, State, offered, require_fresh, survey
from negmine.engine.tasks import Stats
from negmine.errors import InputError, WorkdirError
from negmine.storage.manifest import Manifest, now
from negmine.storage.remembered import remembering
from negmine.storage.trust import Trust

_PACKAGES = ("negmine", "polars", "pyarrow", "numpy", "bm25s", "sentence-transformers")


@dataclass(frozen=True)
class Outcome:
    """What became of one artifact: `made`, `fresh`, or `partial` (made, as far as a model was heard)."""

    artifact: str
    outcome: str
    manifest: Manifest
    seconds: float


@dataclass(frozen=True)
class Run:
    """One command over a plan: which stages it makes, and where its tasks run."""

    context: Context
    plan: Sequence[Artifact]
    stages: Collection[str]
    executor: Executor

    def survey(self) -> list[State]:
        """Compare the whole plan with the disk."""
        return survey(self.context, self.plan, strict=self.stages)


def run(
    context: Context,
    plan: Sequence[Artifact],
    stages: Collection[str],
    only: Callable[[str], bool] = lambda artifact: True,
    remembers: bool = True,
    executor: Executor | None = None,
) -> list[Outcome]:
    """Bring the artifacts of these stages (those that `only` lets through) up to date.

    Returns what became of each. Later commands go on with the settings, if this one `remembers` them. Without
    an `executor`, parts are made where --engine says.

    Raises NotTrusted for what these stages may not use; MissingArtifact where an earlier stage has not been
    run or is stale; InputError with all problems of the user's files together.
    """
    context.trust.require(stages)
    outcomes: list[Outcome] = []
    with ExitStack() as held:
        held.enter_context(context.work.hold())
        held.enter_context(given(context))
        asked = Run(context, plan, stages, executor or held.enter_context(chosen(context)) or local)
        states = asked.survey()
        context.work.digest.save()
        _require_earlier(asked, states)
        wanted = [s for s in states if s.artifact.stage in stages and only(s.artifact.name)]
        for state in wanted:
            state.artifact.check()
        if remembers:
            _record_trust(context)
        done = partial(_stages_done, wanted, outcomes)
        remember = remembering(context.work, context.config.to_remember(), done)
        with remember if remembers else nullcontext():
            _make_all(asked, wanted, outcomes)
    return outcomes


def _record_trust(context: Context) -> None:
    """Record what the user has named, so that the next command may use it; a note where that fails."""
    try:
        Trust(context.work.place).add(context.trust.used)
    except WorkdirError as error:
        context.progress.note(
            f"The next command must name its plug-ins, files and so on again: {error}"
        )


def _make_all(asked: Run, wanted: Sequence[State], outcomes: list[Outcome]) -> None:
    """Make what is wanted, adding to `outcomes`; problems of the user's files are raised together."""
    failures: list[InputError] = []
    failed: set[str] = set()
    waiting, only_quick = list(wanted), False
    while waiting:
        state = waiting.pop(0)
        if failed & set(state.artifact.reads) or (only_quick and not state.artifact.quick):
            failed.add(state.artifact.name)
            continue
        try:
            outcomes.append(_bring_up_to_date(asked, state))
            if offered(state.identity, outcomes[-1].manifest) != state.offered:
                anew = {one.artifact.name: one for one in asked.survey()}
                waiting = [anew[one.artifact.name] for one in waiting]
        except InputError as error:
            failures.append(error)
            failed.add(state.artifact.name)
            only_quick |= state.artifact.quick
    asked.context.work.digest.save()
    if failures:
        raise together(failures)


def _stages_done(wanted: Sequence[State], outcomes: Sequence[Outcome]) -> set[str]:
    """Return the stages that have everything that was wanted of them."""
    made = {done.artifact for done in outcomes}
    lacking = {state.artifact.stage for state in wanted if state.artifact.name not in made}
    return {state.artifact.stage for state in wanted} - lacking


def _require_earlier(asked: Run, states: Sequence[State]) -> None:
    order = list(dict.fromkeys([*STAGES, *(s.artifact.stage for s in states)]))
    first = min(order.index(stage) for stage in asked.stages)
    earlier = [s.artifact.name for s in states if order.index(s.artifact.stage) < first]
    require_fresh(asked.context, states, earlier)


def _bring_up_to_date(asked: Run, state: State) -> Outcome:
    name, context = state.artifact.name, asked.context
    if state.state == FRESH and not context.force and state.manifest is not None:
        if not context.work.altered(name):
            context.progress.end(name, "fresh", state.manifest.rows, 0.0)
            return Outcome(name, "fresh", state.manifest, 0.0)
        context.work.forget(name)
        context.progress.note(f"{name} has damaged files: they are made again")
    start = time.perf_counter()
    context.progress.begin(name)
    try:
        stats, files = make(context, asked.executor, state)
    except InputError:
        context.work.discard(name)
        raise
    finally:
        part_task.close()
    manifest = _manifest(context, state, stats, files, time.perf_counter() - start)
    context.work.commit(manifest)
    made = context.work.require(name)
    give_back()
    outcome = "partial" if made.stats.get("unfinished") else "made"
    context.progress.end(name, outcome, made.rows, made.seconds)
    return Outcome(name, outcome, made, made.seconds)


def _manifest(
    context: Context, state: State, stats: Stats, files: list[str] | None, seconds: float
) -> Manifest:
    artifact = state.artifact
    parts = context.work.describe(artifact.name, files, state.identity)
    is_table = artifact.schema is not None
    counted = stats.get("documents", stats.get("rows"))  # of an artifact with files of its own
    manifest = Manifest(
        artifact=artifact.name,
        stage=artifact.stage,
        schema=name_of(artifact.schema) if artifact.schema is not None else None,
        identity=state.identity,
        revision=artifact.revision,
        settings=state.settings,
        inputs=state.inputs,
        rows=sum(part["rows"] for part in parts) if is_table else int(counted or 0),
        seconds=round(seconds, 3),
        parts=parts,
        stats=stats,
        versions=dict(_versions()),
        made_at=now(),
    )
    if artifact.count is None:
        return manifest
    return replace(manifest, stats={**stats, **artifact.count(context.work.scan_new(manifest))})


@cache
def _versions() -> dict[str, str]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
