"""One writer per work directory."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout
from pydantic import BaseModel

from negmine.errors import Locked
from negmine.storage.files import write_text
from negmine.storage.leftovers import HOLDER, LOCK
from negmine.storage.manifest import now
from negmine.storage.small_json import read_json

LARGEST = 4096  # bytes of the file that names the holder


class _Holder(BaseModel):
    pid: int
    host: str
    since: str


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the work directory while the block runs.

    The lock is the operating system's (`.lock`), so it falls with its holder, however that dies.
    `.lock-holder.json` beside it only names the holder. Raises Locked, naming pid and host.
    """
    holder = root / HOLDER
    lock = FileLock(root / LOCK, timeout=0)
    try:
        lock.acquire()
        while not _is_in_place(lock):
            lock.release()
            root.mkdir(parents=True, exist_ok=True)
            lock.acquire()
    except Timeout as error:
        raise Locked(f"{root} is in use{_describe(holder)}. Wait for it, or stop it.") from error
    try:
        me = {"pid": os.getpid(), "host": socket.gethostname(), "since": now()}
        write_text(holder, json.dumps(me))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _is_in_place(lock: BaseFileLock) -> bool:
    """Tell whether the file that is locked is still there: a first command that fails removes it."""
    descriptor = lock._context.lock_file_fd
    try:
        return descriptor is None or os.path.samestat(
            os.fstat(descriptor), Path(lock.lock_file).stat()
        )
    except FileNotFoundError:
        return False


def holder_of(root: Path) -> str:
    """Return what is recorded of the process that holds a work directory; empty where nobody does."""
    try:
        return (root / HOLDER).read_text("utf-8")
    except (OSError, ValueError):
        return ""


def _describe(holder: Path) -> str:
    try:
        who = _Holder.model_validate(read_json(holder, LARGEST))
        return f" by process {who.pid} on {who.host} since {who.since}"
    except (OSError, ValueError):
        return " by another process"
