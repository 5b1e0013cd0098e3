"""The mirror of a remote work directory: a folder of this machine in which stages work.

It lies in the cache, counts to its size, and is removed like any copy that was not used for long, but never
while a process has it open. `state.json` beside it says what of it agrees with the store. Processes of this
machine share it: one brings in what is new at a time, and none does while a command here writes.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from negmine.config.addresses import Address
from negmine.data.identity import identity_of
from negmine.errors import WorkdirError
from negmine.storage.files import new_folder, write_text
from negmine.storage.remote.cache import FOLDER, RECORD, Held, cache_folder, open_lock
from negmine.storage.small_json import read_sealed, write_sealed

STATE = "state.json"
_PULL, _WRITER = "pull.lock", "writer.lock"


@dataclass
class State:
    """What of a mirror agrees with the store.

    name: of this mirror, in locks. manifests: version of each that was brought in. files: of each other file
    its sha256, bytes and time here. listed: what `_files.json` of the store says, and its version. refused:
    objects that did not have their sha256.
    """

    name: str = field(default_factory=lambda: secrets.token_hex(8))
    manifests: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    listed: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: str = ""
    refused: list[str] = field(default_factory=list)


_STATE = TypeAdapter(State)


class Mirror:
    """The mirror of the work directory at an address, in use as long as this object lives."""

    def __init__(self, address: Address) -> None:
        base = cache_folder() / "copies" / identity_of(["work", str(address)])
        self.base = base
        self.folder = base / _folder_name(address.name)
        try:
            self._held = _hold(base, str(address))
            new_folder(self.folder)
        except OSError as error:
            raise WorkdirError(
                f"{base} cannot be made: {error.strerror}. What is read of {address} is kept there. Set "
                f"{FOLDER} to another folder."
            ) from error

    def state(self) -> State:
        """Return what agrees with the store; of a damaged file, nothing."""
        try:
            return _STATE.validate_python(read_sealed(self.base / STATE))
        except (OSError, ValueError):
            state = State()
            self.save(state)
            return state

    def save(self, state: State) -> None:
        """Keep what agrees with the store."""
        write_sealed(self.base / STATE, asdict(state))

    @contextmanager
    def pulling(self, own: bool) -> Iterator[bool]:
        """Wait for others that bring something in; give whether this process may: nobody else here writes.

        own: this process is the one that writes.
        """
        with _locked(self.base / _PULL) as _:
            if own:
                yield True
                return
            with _locked(self.base / _WRITER, waits=False) as is_free:
                yield is_free

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the process of this machine that writes, while the block runs."""
        with _locked(self.base / _WRITER):
            yield


def _folder_name(name: str) -> str:
    """Return the name of the folder: that of the work directory, unless it may clash with another file here."""
    return name if re.fullmatch(r"\w[\w-]{0,100}", name) else "work"


def _hold(base: Path, address: str) -> Held:
    """Keep a mirror from being removed while the object that is returned lives."""
    import fcntl

    lock = open_lock(base)
    fcntl.flock(lock, fcntl.LOCK_SH)
    new_folder(base)
    record = base / RECORD
    if record.exists():
        os.utime(record)  # used now
    else:
        write_text(record, json.dumps({"address": address}))
    return Held(base, lock)


@contextmanager
def _locked(path: Path, waits: bool = True) -> Iterator[bool]:
    """Lock a file while the block runs; give whether it could be: it could not, if another has it."""
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if waits else fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
