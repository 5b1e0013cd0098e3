"""`push`: send the files of a finished run to the Hugging Face hub, as a dataset repository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from negmine.analysis.push.files import File, files_to_send
from negmine.analysis.push.hub import Found, Hub
from negmine.config.naming import counted
from negmine.engine.context import Context
from negmine.errors import HubError
from negmine.stages.write.formats.registry import FORMATS

TAG = "negmine"  # of every card that negmine writes
BESIDE = ("provenance", "short")


def push(
    context: Context, repo: str, *, private: bool, dry_run: bool, replace_card: bool
) -> dict[str, Any]:
    """Send the files in one commit, or with `dry_run` return what would be sent; that asks nobody.

    private: a new repository is. replace_card: also one that negmine did not write. Files of an earlier push
    that are no longer there are removed. Raises MissingArtifact for stale files, SettingsError, HubError.
    """
    hub = Hub(repo)
    with context.work.hold():  # so that no command changes a file that is being sent
        files = files_to_send(context)
        plan = {
            "work": context.work.name,
            "repo": repo,
            "url": hub.url,
            "private": private,
            "files": [{"file": file.name, "bytes": file.bytes} for file in files],
            "bytes": sum(file.bytes for file in files),
        }
        if dry_run:
            return {**plan, "sent": False}
        return {**plan, "sent": True, **_send(context, hub, files, private, replace_card)}


def _send(
    context: Context, hub: Hub, files: Sequence[File], private: bool, replace_card: bool
) -> dict[str, Any]:
    hub.log_in()
    there = hub.look()
    if there is not None:
        _check(hub, there, private, replace_card)
    gone = [] if there is None else _gone(there, files)
    is_private = private if there is None else there.is_private
    kind = f"{'private' if is_private else 'public'}{', new' if there is None else ''}"
    size = counted(sum(file.bytes for file in files), "bytes")
    context.progress.note(f"sending {counted(len(files), 'files')}, {size}, to {hub.url} ({kind})")
    if there is None:
        hub.create(private)
    commit = hub.commit(files, gone, None if there is None else there.commit)
    return {"created": there is None, "private": is_private, "removed": gone, "commit": commit}


def _check(hub: Hub, there: Found, private: bool, replace_card: bool) -> None:
    """Raise HubError where a push would publish what is meant to be private, or replace somebody's card."""
    if private and not there.is_private:
        raise HubError(
            f"{hub.url} is there already, and public: --private is about new repositories. Nothing was sent. "
            "Make it private in its settings, give another NAME, or leave --private out."
        )
    if "README.md" in there.files and TAG not in there.tags and not replace_card:
        raise HubError(
            f"{hub.url} has a card (README.md) that negmine did not write. Nothing was sent. "
            "Give another NAME, or --replace-card."
        )


def _gone(there: Found, files: Sequence[File]) -> list[str]:
    """Return files of an earlier push that this one does not have: trainers would read them, too."""
    names = {file.name for file in files}
    folders = {name.partition("/")[0] for name in names if "/" in name}  # of plug-ins, too
    return sorted(one for one in there.files - names if _is_ours(one, folders))


def _is_ours(name: str, sent: set[str]) -> bool:
    folder, slash, _ = name.partition("/")
    formats = {*FORMATS, *BESIDE, *(f"provenance-{one}" for one in FORMATS), *sent}
    return bool(slash) and folder in formats
