"""Which files of a finished run are sent, and whether they may be."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from negmine.config.naming import plugin_name
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.status import FRESH, State, survey
from negmine.errors import MissingArtifact
from negmine.stages.plan import make_plan
from negmine.stages.write.artifacts import other_formats
from negmine.storage.layout import CARD, PROVENANCE, REUSE, SCALES, stage_of

WORKING = (REUSE, SCALES)  # tables that `write` works with, and nobody else reads


class File(NamedTuple):
    """A file that is sent: where it is, its path in the repository, its bytes."""

    path: Path
    name: str
    bytes: int


def files_to_send(context: Context) -> list[File]:
    """Return the card, the training files of every format in it, provenance and the short queries.

    Manifests and working tables are left out. Raises MissingArtifact where a file is missing, or older than the
    verdicts or settings in force.
    """
    states = survey(context, [*make_plan(context), *other_formats(context)])
    sent = [state for state in states if _is_sent(state.artifact)]
    late = [state for state in sent if state.state != FRESH]
    if late:
        raise MissingArtifact(_why_not(context, states, late))
    work = context.work
    paths = [path for state in sent for path in work.part_files(state.artifact.name)]
    folder = work.folder(CARD)
    files = [File(path, path.relative_to(folder).as_posix(), path.stat().st_size) for path in paths]
    return sorted(files, key=lambda file: (file.name != "README.md", file.name))


def _is_sent(artifact: Artifact) -> bool:
    return artifact.stage == stage_of(CARD) and artifact.name not in WORKING


def _why_not(context: Context, states: list[State], late: list[State]) -> str:
    """Return why nothing is sent, and the commands that mend it."""
    first = late[0]
    why = f" ({first.why})" if first.why else ""
    more = f", and {len(late) - 1} more" if len(late) > 1 else ""
    old = {state.artifact.stage for state in states if state.state != FRESH}
    stages = list(dict.fromkeys(one.artifact.stage for one in states if one.artifact.stage in old))
    commands = [f"negmine {stage} {context.work.name}" for stage in stages]
    return (
        f"Nothing was sent: {first.artifact.name} is {first.state}{why}{more}. "
        f"Run: {' && '.join([*commands[:-1], commands[-1] + _formats(context, late)])}"
    )


def _formats(context: Context, late: list[State]) -> str:
    """Return the flags that write every format that lies there, where one of another command is late."""
    names = [state.artifact.name.removeprefix(f"{CARD}/") for state in late]
    asked_for = list(context.config.write.format)
    there = set(map(plugin_name, asked_for))
    left = [one for one in names if not _is_beside(one) and one not in there]
    return "".join(f" --format {name}" for name in [*asked_for, *left]) if left else ""


def _is_beside(name: str) -> bool:
    return name.startswith(PROVENANCE.removeprefix(f"{CARD}/")) or name in (CARD, "short")
