"""`status`: the state of every artifact. Changes nothing."""

from __future__ import annotations

from typing import Any

from negmine.engine.context import Context
from negmine.engine.status import State, survey
from negmine.stages.plan import make_plan, other_formats


def states(context: Context) -> list[State]:
    """Return the state of every artifact, training files of other formats that lie there included."""
    return survey(context, [*make_plan(context), *other_formats(context)])


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
