"""The state of every artifact: fresh, stale (and because of what), partial or missing."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from negmine.data.identity import identity_of
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.errors import MissingArtifact, NegmineError
from negmine.storage.manifest import MANIFEST, Manifest

_HASH = re.compile(r"\b[0-9a-f]{16,64}\b")
FRESH, STALE, PARTIAL, MISSING = "fresh", "stale", "partial", "missing"


@dataclass(frozen=True)
class State:
    """One artifact as it lies on disk, compared with what the settings ask for.

    An artifact whose manifest says `unfinished` is `partial`: it will be continued, and can be read
    meanwhile.
    """

    artifact: Artifact
    state: str
    why: str
    identity: str
    settings: dict[str, Any]
    inputs: dict[str, str]
    manifest: Manifest | None

    @property
    def readable(self) -> bool:
        """Complete, or partial but valid: every row is right, though more may come."""
        unfinished = self.state == PARTIAL and self.why == _unfinished(self.manifest)
        return self.state == FRESH or unfinished

    @property
    def offered(self) -> str:
        """The identity under which other artifacts read it."""
        return offered(self.identity, self.manifest if self.readable else None)

    def __repr__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return f"<{self.artifact.name}: {self.state}{why}>"


def offered(identity: str, manifest: Manifest | None) -> str:
    """Return the identity under which others read an artifact; of what a model answered, that of its rows.

    Settings and inputs do not tell answers from each other: with the same ones, a model may answer otherwise.
    """
    answered = None if manifest is None else manifest.stats.get("so_far")
    return identity if answered is None else identity_of([identity, answered])


def _unfinished(manifest: Manifest | None) -> str:
    return "" if manifest is None else str(manifest.stats.get("unfinished", ""))


def survey(context: Context, plan: Sequence[Artifact], strict: Collection[str] = ()) -> list[State]:
    """Compare every artifact of a plan with the disk.

    Where the sources or the model cannot be read any more, or are not trusted, the manifest counts as it is,
    except in the stages named in `strict`, which are about to run: there the error is raised.
    """
    states: dict[str, State] = {}
    for artifact in plan:
        recorded = context.work.manifest(artifact.name)
        settings, unread = _settings(context, artifact, recorded, strict)
        inputs = {name: states[name].offered for name in artifact.reads}
        identity = artifact.identity(settings, inputs)
        if unread and recorded is None:
            state, why = MISSING, unread
        else:
            state, why = _compare(context, artifact, recorded, identity, settings, states)
        reason = unread if state == FRESH else why
        states[artifact.name] = State(artifact, state, reason, identity, settings, inputs, recorded)
    return list(states.values())


def _settings(
    context: Context, artifact: Artifact, recorded: Manifest | None, strict: Collection[str]
) -> tuple[dict[str, Any], str]:
    """Return what shapes an artifact's rows; with a reason where that is taken from the manifest.

    What is not trusted is not read at all.
    """
    before = {} if recorded is None else recorded.settings
    blocked = [one for one in context.trust.untrusted if one.setting in artifact.uses]
    if blocked:
        return before, f"not compared: {', '.join(map(str, blocked))} is not trusted"
    try:
        return artifact.settings(), ""
    except NegmineError as error:
        if recorded is None or artifact.stage in strict:
            raise
        return before, f"not compared with its source: {error}"


def require_fresh(context: Context, states: Collection[State], names: Collection[str]) -> None:
    """Raise MissingArtifact unless the named artifacts are fresh, naming the command to run.

    Those that are only unfinished will do.
    """
    for state in states:
        if state.artifact.name in names and not state.readable:
            why = f" ({state.why})" if state.why else ""
            raise MissingArtifact(
                f"{state.artifact.name} is {state.state}{why}. "
                f"Run: negmine {state.artifact.stage} {context.work.name}"
            )


def require_made_from(context: Context, name: str, inputs: Collection[str] | None = None) -> None:
    """Raise MissingArtifact where an input lies there that an artifact was not made from.

    inputs: which are compared, those that are there; None for all. The artifact must be there.
    """
    manifest = context.work.require(name)
    for read, identity in manifest.inputs.items():
        there = context.work.manifest(read) if inputs is None or read in inputs else None
        if there is not None and offered(there.identity, there) != identity:
            raise MissingArtifact(
                f"{name} was not made from the {read} that lies beside it: one of them was made again, or is "
                f"of another run. Bring them together: negmine mine {context.work.name}"
            )


def _compare(
    context: Context,
    artifact: Artifact,
    recorded: Manifest | None,
    identity: str,
    settings: dict[str, Any],
    states: dict[str, State],
) -> tuple[str, str]:
    work = context.work
    if recorded is not None and recorded.identity == identity:
        if not work.whole(recorded):
            return PARTIAL, "a part is missing or altered"
        why = _unfinished(recorded)
        return (PARTIAL, why) if why else (FRESH, "")
    if work.is_damaged(artifact.name):
        return PARTIAL, f"its {MANIFEST} is damaged"
    done = work.parts_done(artifact.name, identity)
    if done:
        return PARTIAL, "1 part is done" if done == 1 else f"{done} parts are done"
    if recorded is None:
        begun = artifact.begun()
        return (PARTIAL, begun) if begun else (MISSING, "")
    return STALE, _difference(artifact, recorded, settings, states)


def _difference(
    artifact: Artifact, recorded: Manifest, settings: dict[str, Any], states: dict[str, State]
) -> str:
    """Describe in a few words why a finished artifact no longer fits."""
    reasons = []
    for name in sorted({*settings, *recorded.settings}):
        old, new = recorded.settings.get(name), settings.get(name)
        if old != new:
            change = _change(name.replace("_", "-"), old, new)
            if change:
                reasons.append("the source files changed" if name == "sources" else change)
    if not reasons:
        reasons = _changed_inputs(artifact, recorded, states)[:1]
    return "; ".join(reasons) or "this version of negmine makes it differently"


def _change(name: str, old: Any, new: Any) -> str:
    """Describe a changed setting; of a hash (a model's files, a prompt) only that it changed.

    Empty where both read the same: a switch that is not recorded is off.
    """
    if isinstance(old, bool) or isinstance(new, bool):
        old, new = bool(old), bool(new)
    before, after = _text(old), _text(new)
    if before == after:
        return ""
    return f"{name} changed" if _HASH.search(before + after) else f"{name} {before} -> {after}"


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else str(value)


def _changed_inputs(artifact: Artifact, recorded: Manifest, states: dict[str, State]) -> list[str]:
    """Name the inputs that are gone, new or changed; one that came or went explains more."""
    now = {name: states[name].offered for name in artifact.reads}
    before = recorded.inputs
    come = [name for name in now if name not in before]
    left = [name for name in before if name not in now]
    pairs = [(new, old) for new in come for old in left if _last(new) == _last(old)]
    instead = [f"{new} is read instead of {old}" for new, old in pairs]
    gone = [f"{old} is no longer read" for old in left if old not in {pair[1] for pair in pairs}]
    new = [f"{new} is new" for new in come if new not in {pair[0] for pair in pairs}]
    changed = [f"{name} changed" for name in now if name in before and before[name] != now[name]]
    return instead + gone + new + changed


def _last(name: str) -> str:
    return name.rpartition("/")[2]
