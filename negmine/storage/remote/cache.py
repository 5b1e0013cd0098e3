"""Copies of remote files on this machine: shared by all work directories and processes, with a limit of size.

A copy is a folder `copies/<hash of address and version>` with the file and, written last, `copy.json`. Its lock
is held shared by who reads it, alone by who fetches or removes it: so it is fetched once, never removed in use.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from negmine.config.memory import size_text
from negmine.data.identity import identity_of
from negmine.errors import InputError, SettingsError
from negmine.storage.files import atomic_path, fitting, write_text

FOLDER, SIZE = "NEGMINE_CACHE", "NEGMINE_CACHE_SIZE"
DEFAULT_SIZE = "50GB"
RECORD = "copy.json"
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_LONGEST = 150  # bytes of a file's name


class Held:
    """A copy that is in use as long as this object lives."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.release = weakref.finalize(self, os.close, lock)


_in_use: weakref.WeakValueDictionary[str, Held] = weakref.WeakValueDictionary()
_threads = Lock()


def cache_folder() -> Path:
    """Return the folder of copies: NEGMINE_CACHE, else below XDG_CACHE_HOME or ~/.cache."""
    if own := os.environ.get(FOLDER, ""):
        return Path(os.path.expanduser(own)).absolute()  # noqa: PTH111 - Path's raises without a home
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))  # relative ones do not count, says XDG
    if not caches.is_absolute():
        caches = Path(os.path.expanduser("~/.cache"))  # noqa: PTH111
    return caches / "negmine" / "remote"


def cache_size() -> int:
    """Return how many bytes all copies may have: NEGMINE_CACHE_SIZE. Raises SettingsError for no size."""
    text = os.environ.get(SIZE, "") or DEFAULT_SIZE
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?)B?", text.strip().upper())
    if match is None:
        raise SettingsError(f"{SIZE}={text}: say a size, such as {DEFAULT_SIZE}.")
    return int(float(match[1]) * _UNITS[match[2]])


def copy_of(
    address: str, version: str, size: int | None, name: str, fetch: Callable[[Path], None]
) -> Held:
    """Return the copy of a file, fetched if it is not there yet.

    address: as it is shown, without secrets. size: bytes, if known. fetch(path): writes the file, or raises.
    """
    folder = cache_folder() / "copies" / identity_of([address, version])
    path = folder / _file_name(name)
    with _threads:
        held = _in_use.get(str(path))
        if held is not None and _is_complete(path):
            return held
        if held is not None:
            held.release()  # somebody removed the file by hand
        held = _obtained(path, size, fetch, {"address": address, "version": version})
        _in_use[str(path)] = held
        return held


def _obtained(
    path: Path, size: int | None, fetch: Callable[[Path], None], about: dict[str, str]
) -> Held:
    """Lock a copy for reading; before that, fetch it where it is missing, alone."""
    import fcntl

    lock = open_lock(path.parent)
    try:
        while True:
            fcntl.flock(lock, fcntl.LOCK_SH)
            if _is_complete(path):
                os.utime(path.parent / RECORD)  # used now
                return Held(path, lock)
            fcntl.flock(lock, fcntl.LOCK_UN)
            fcntl.flock(lock, fcntl.LOCK_EX)  # waits for another process that fetches it
            if not _is_complete(path):
                _fetch(path, size, fetch, about)
    except BaseException:
        os.close(lock)
        raise


def _fetch(
    path: Path, size: int | None, fetch: Callable[[Path], None], about: dict[str, str]
) -> None:
    """Fetch a file under a temporary name, and write its record."""
    make_room(size or 0, about["address"])
    shutil.rmtree(path.parent, ignore_errors=True)  # what a killed process has left
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        fetch(temporary)
    got = path.stat().st_size
    write_text(path.parent / RECORD, json.dumps({**about, "file": path.name, "size": got}))
    if size is None:
        make_room(0, about["address"])


def make_room(size: int, address: str) -> None:
    """Remove the copies that were not used longest, but none in use, until `size` more bytes fit.

    Raises InputError where they do not fit; nothing is removed for a file that is larger than all may be.
    """
    limit, copies = cache_size(), _copies()
    if size > limit:
        raise too_large(address, size)
    total = sum(held for _, held, _ in copies)
    for _, held, folder in sorted(copies):
        if total + size <= limit:
            return
        if _removed(folder):
            total -= held
    if total + size > limit and size:
        raise too_large(address, size, total)


def too_large(address: object, size: int, in_use: int = 0) -> InputError:
    """Return the error of a file that does not fit. size: its bytes, or those that have come of it."""
    used = f", of which {size_text(in_use)} are in use" if in_use else ""
    return InputError(
        f"{address} has {size_text(size)}. The copies in {cache_folder()} may have {size_text(cache_size())}"
        f"{used}. Raise {SIZE}, now {os.environ.get(SIZE) or DEFAULT_SIZE}."
    )


def _copies() -> list[tuple[float, int, Path]]:
    """Return when each copy was used last, its bytes, and its folder."""
    copies = []
    for record in (cache_folder() / "copies").glob(f"*/{RECORD}"):
        with suppress(OSError):  # another process removes it
            sizes = [one.stat().st_size for one in record.parent.rglob("*")]
            copies.append((record.stat().st_mtime, sum(sizes), record.parent))
    return copies


def _removed(folder: Path) -> bool:
    """Remove a copy, the record first; tell whether that was possible: it is not in use."""
    import fcntl

    lock = open_lock(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (folder / RECORD).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(lock)


def open_lock(folder: Path) -> int:
    """Open the lock file of a copy. Lock files are empty and never removed."""
    locks = folder.parent.parent / "locks"
    locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(locks / folder.name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_complete(path: Path) -> bool:
    try:
        record = json.loads((path.parent / RECORD).read_text(encoding="utf-8"))
        return bool(record["size"] == path.stat().st_size)
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _file_name(name: str) -> str:
    """Return a name for the copy; of a long one the end, which tells the format."""
    return fitting(name, -_LONGEST).lstrip(".") or "file"


def remembered(name: str, value: dict[str, object] | None = None) -> dict[str, object] | None:
    """Keep a small JSON object in the cache, or return the one that was kept; None where there is none."""
    path = cache_folder() / "listings" / f"{identity_of(name)}.json"
    if value is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text(path, json.dumps({"name": name, **value}))
        return value
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept if isinstance(kept, dict) and kept.get("name") == name else None
    except (OSError, ValueError):
        return None
