"""`status`: the state of every artifact. Changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from negmine.engine.context import Context
from negmine.engine.status import PARTIAL, State, survey
from negmine.errors import CorruptArtifact
from negmine.stages.batch.plan import batches_left
from negmine.stages.plan import make_plan
from negmine.stages.write.artifacts import other_formats
from negmine.storage.caches import damaged_caches

MOST_NAMED = 3  # files of an artifact
DAMAGED = "damaged"


def states(context: Context, verify: bool = False) -> list[State]:
    """Return the state of every artifact, other formats and batches that lie there included.

    verify: read every file; an artifact with a file that is missing or altered is partial. Damage in a cache
    is noted: what a cache held is made again by itself.
    """
    plan = [*make_plan(context), *other_formats(context), *batches_left(context)]
    every = survey(context, plan)
    if not verify:
        return every
    for damage in damaged_caches(context.work.root):
        context.progress.note(damage)
    return [_verified(context, state) for state in every]


def _verified(context: Context, state: State) -> State:
    altered = context.work.altered(state.artifact.name, "all")
    if not altered:
        return state
    names = ", ".join(path.name for path in altered[:MOST_NAMED])
    more = f" and {len(altered) - MOST_NAMED} more" if len(altered) > MOST_NAMED else ""
    again = f"negmine {state.artifact.stage} {context.work.name}"
    return replace(state, state=PARTIAL, why=f"{DAMAGED}: {names}{more}. Run: {again}")


def require_sound(states: list[State]) -> None:
    """Raise CorruptArtifact where `states`, with `verify`, has named damage."""
    damaged = [state.artifact.name for state in states if state.why.startswith(DAMAGED)]
    if damaged:
        raise CorruptArtifact(
            f"Damaged: {', '.join(damaged)}. The table has the commands that make it again."
        )


def rows(states: list[State]) -> list[dict[str, Any]]:
    """Return what `status` shows: one flat row for each artifact."""
    return [
        {
            "artifact": state.artifact.name,
            "state": state.state,
            "why": state.why,
            "rows": state.manifest.rows if state.manifest else None,
            "seconds": state.manifest.seconds if state.manifest else None,
            "made_at": state.manifest.made_at if state.manifest else None,
        }
        for state in states
    ]
