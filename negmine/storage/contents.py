"""Whether a file still has the bytes that were written.

A manifest says it of finished files; a small file beside it says it of one that no manifest lists (yet).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import xxhash

HASH = "xxh3"  # the key of a part in a manifest; the end of the name of a file with a hash
Verify = Literal["all", "sizes"]

_verified: set[tuple[str | int, ...]] = set()  # by this process: path, inode, size, times, hash
# Files of which this process compared the size alone, with their hashes.
_by_size: dict[Path, str] = {}


def content_hash(path: Path) -> str:
    """Return the XXH3 (128 bits, hex) of a file's bytes: fast, and no defence against somebody who forges."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, xxhash.xxh3_128).hexdigest()


def is_altered(path: Path, part: Mapping[str, Any], verify: Verify = "all") -> bool:
    """Tell whether a part is missing, or has other bytes than a manifest says.

    A file is read once by a process, as long as inode, size and times stay. With `sizes`, and for parts of
    old manifests, which have no hash, only the size counts.
    """
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    if stat.st_size != part["bytes"]:
        return True
    wanted = part.get(HASH)
    times = (stat.st_mtime_ns, stat.st_ctime_ns)
    key = (str(path), stat.st_ino, stat.st_size, *times, str(wanted))
    if wanted is None or key in _verified:
        return False
    if verify == "sizes":
        _by_size[path] = wanted
        return False
    if content_hash(path) != wanted:
        return True
    _verified.add(key)
    return False


def forget_sizes() -> None:
    """Forget which files were compared by size alone: a new command begins."""
    _by_size.clear()


def damaged_by_size() -> list[Path]:
    """Return the damaged files among those of which this process compared the size alone. Reads them all."""
    return [
        path for path, wanted in _by_size.items() if path.exists() and content_hash(path) != wanted
    ]


def damage_by_size(error: BaseException) -> str:
    """Return the message for an error that a damaged file has caused; nothing where none is known."""
    damaged = damaged_by_size()
    if not damaged:
        return ""
    more = f", and so are {len(damaged) - 1:,} others" if len(damaged) > 1 else ""
    return damage_message(f"{damaged[0]} is damaged", error, more)


def damage_message(what: str, error: BaseException, more: str = "") -> str:
    """Return the message for an error of a library that reads a damaged file."""
    why = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return (
        f"{what} ({why[:200]}){more}. With --verify sizes its bytes were not compared with its manifest. To "
        "see how to make it again: negmine status WORK --verify"
    )


def record_hash(path: Path) -> None:
    """Write the hash of a file that is complete into a small file beside it."""
    from negmine.storage.files import (
        write_text,  # loads polars, before which allocators are settled
    )

    write_text(_record(path), content_hash(path))


def has_recorded_hash(path: Path) -> bool:
    """Tell whether a file has the hash that `record_hash` wrote; no, where that is missing."""
    try:
        return _record(path).read_bytes() == content_hash(path).encode()
    except FileNotFoundError:
        return False


def is_recorded(path: Path) -> bool:
    """Tell whether there is a hash beside a file."""
    return _record(path).exists()


def move_hash(old: Path, new: Path) -> None:
    """Let the hash beside a file follow it."""
    if is_recorded(old):
        _record(old).replace(_record(new))


def forget_hash(path: Path) -> None:
    """Remove the hash beside a file that a manifest lists, or that is about to be written anew."""
    _record(path).unlink(missing_ok=True)


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.{HASH}")
