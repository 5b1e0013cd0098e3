"""What is there: every artifact fresh, stale (and because of what), partial or missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from negmine.errors import MissingArtifact, NegmineError
from negmine.house import House
from negmine.identity import identity_of
from negmine.pipeline import Artifact, floor_plan, other_formats
from negmine.workdir import Manifest

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
        try:
            settings = artifact.settings()
        except NegmineError:
            if recorded is None or artifact.room in strict:
                raise
            settings = recorded.settings
        inputs = {name: known[name].offered for name in artifact.reads}
        identity = artifact.identity(settings, inputs)
        state, why = _compare(house, artifact, recorded, identity, settings, known)
        known[artifact.name] = State(artifact, state, why, identity, settings, inputs, recorded)
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
    done = house.work.parts_done(artifact.name, identity)
    if done:
        return PARTIAL, f"{done} parts are done"
    if recorded is None:
        return MISSING, ""
    return STALE, _difference(artifact, recorded, settings, known)


def _difference(
    artifact: Artifact, recorded: Manifest, settings: dict[str, Any], known: dict[str, State]
) -> str:
    """Say in a few words why a finished artifact no longer fits."""
    reasons = []
    for name in sorted({*settings, *recorded.settings}):
        old, new = recorded.settings.get(name), settings.get(name)
        if old != new:
            changed = f"{name.replace('_', '-')} {old} -> {new}"
            reasons.append("the source files changed" if name == "sources" else changed)
    changed_inputs = [n for n in artifact.reads if recorded.inputs.get(n) != known[n].offered]
    if changed_inputs and not reasons:
        reasons.append(f"{changed_inputs[0]} changed")
    return "; ".join(reasons) or "negmine makes it differently now"
