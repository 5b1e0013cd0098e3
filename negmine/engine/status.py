"""What is there: every artifact fresh, stale (and because of what), partial or missing."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from negmine.data.identity import identity_of
from negmine.engine.artifact import Artifact
from negmine.errors import MissingArtifact, NegmineError
from negmine.stages.context import House
from negmine.stages.plan import floor_plan, other_formats
from negmine.storage.workdir import MANIFEST, Manifest

_HASH = re.compile(r"\b[0-9a-f]{16,64}\b")
FRESH, STALE, PARTIAL, MISSING = "fresh", "stale", "partial", "missing"


@dataclass(frozen=True)
class State:
    """One artifact as it lies on disk, against what the settings ask for.

    An artifact that says of itself that it is unfinished is `partial`: it will be gone on with, and can be
    read meanwhile.
    """

    artifact: Artifact
    state: str
    why: str
    identity: str
    settings: dict[str, Any]
    inputs: dict[str, str]
    manifest: Manifest | None

    @property
    def usable(self) -> bool:
        """All its parts are there, and what they hold is true, though there may be more to come."""
        return self.state == FRESH or (
            self.state == PARTIAL and self.why == _unfinished(self.manifest)
        )

    @property
    def offered(self) -> str:
        """The identity by which other artifacts read it."""
        return offered(self.identity, self.manifest if self.usable else None)


def offered(identity: str, manifest: Manifest | None) -> str:
    """Return the identity by which others read an artifact: an unfinished one is what it has so far."""
    if manifest is None or not _unfinished(manifest):
        return identity
    return identity_of([identity, manifest.stats.get("so_far")])


def _unfinished(manifest: Manifest | None) -> str:
    return "" if manifest is None else str(manifest.stats.get("unfinished", ""))


def survey(house: House, strict: Collection[str] = (), all_formats: bool = False) -> list[State]:
    """Compare every artifact of the floor plan with the disk.

    With `all_formats`, also training files of other formats that lie there.

    Where the sources or the model cannot be read any more, the manifest is taken at its word, except
    in the rooms named in `strict`, which are about to be made: there the error is raised.
    """
    states: list[State] = []
    known: dict[str, State] = {}
    others = other_formats(house) if all_formats else []
    for artifact in [*floor_plan(house), *others]:
        recorded = house.work.manifest(artifact.name)
        unread = ""
        try:
            settings = artifact.settings()
        except NegmineError as error:
            if recorded is None or artifact.room in strict:
                raise
            settings, unread = recorded.settings, f"taken at its word: {error}"
        inputs = {name: known[name].offered for name in artifact.reads}
        identity = artifact.identity(settings, inputs)
        state, why = _compare(house, artifact, recorded, identity, settings, known)
        told = unread if state == FRESH else why
        known[artifact.name] = State(artifact, state, told, identity, settings, inputs, recorded)
        states.append(known[artifact.name])
    return states


def require_fresh(house: House, states: Collection[State], names: Collection[str]) -> None:
    """Raise MissingArtifact unless the named artifacts are fresh, saying what to run.

    Those that are only unfinished will do.
    """
    for state in states:
        if state.artifact.name in names and not state.usable:
            why = f" ({state.why})" if state.why else ""
            raise MissingArtifact(
                f"{state.artifact.name} is {state.state}{why}. "
                f"Run: negmine {state.artifact.room} {house.work.root}"
            )


def _compare(
    house: House,
    artifact: Artifact,
    recorded: Manifest | None,
    identity: str,
    settings: dict[str, Any],
    known: dict[str, State],
) -> tuple[str, str]:
    if recorded is not None and recorded.identity == identity:
        if not house.work.whole(recorded):
            return PARTIAL, "a part is missing or altered"
        why = _unfinished(recorded)
        return (PARTIAL, why) if why else (FRESH, "")
    if house.work.is_damaged(artifact.name):
        return PARTIAL, f"its {MANIFEST} is damaged"
    done = house.work.parts_done(artifact.name, identity)
    if done:
        return PARTIAL, "1 part is done" if done == 1 else f"{done} parts are done"
    if recorded is None:
        begun = artifact.begun()
        return (PARTIAL, begun) if begun else (MISSING, "")
    return STALE, _difference(artifact, recorded, settings, known)


def _difference(
    artifact: Artifact, recorded: Manifest, settings: dict[str, Any], known: dict[str, State]
) -> str:
    """Say in a few words why a finished artifact no longer fits."""
    reasons = []
    for name in sorted({*settings, *recorded.settings}):
        old, new = recorded.settings.get(name), settings.get(name)
        if old != new:
            changed = _change(name.replace("_", "-"), old, new)
            reasons.append("the source files changed" if name == "sources" else changed)
    if not reasons:
        reasons = _changed_inputs(artifact, recorded, known)[:1]
    return "; ".join(reasons) or "negmine makes it differently now"


def _change(name: str, old: Any, new: Any) -> str:
    """Say what a setting was and is; of a hash (a model's files, a prompt) only that it is another."""
    before, after = _said(old), _said(new)
    return f"{name} changed" if _HASH.search(before + after) else f"{name} {before} -> {after}"


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _changed_inputs(artifact: Artifact, recorded: Manifest, known: dict[str, State]) -> list[str]:
    """Say which inputs are gone, new or others; what came or went explains more."""
    now = {name: known[name].offered for name in artifact.reads}
    before = recorded.inputs
    gone = [f"{name} is not asked for any more" for name in before if name not in now]
    new = [f"{name} is new" for name in now if name not in before]
    others = [f"{name} changed" for name in now if name in before and before[name] != now[name]]
    return gone + new + others
