"""Whether a finished file still has the bytes that its manifest was written for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xxhash

HASH = "xxh3"  # the key of a part in a manifest
VARIABLE, SIZES = "NEGMINE_VERIFY", "sizes"  # its value: sizes alone are compared

_verified: set[tuple[str, int, int, str]] = (
    set()
)  # by this process: path, size, modification time, hash


def content_hash(path: Path) -> str:
    """Return the XXH3 (128 bits, hex) of a file's bytes: fast, and no defence against somebody who forges."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, xxhash.xxh3_128).hexdigest()


def is_altered(path: Path, part: Mapping[str, Any]) -> bool:
    """Tell whether a part is missing, or has other bytes than a manifest says.

    A file is read once by a process, as long as its size and time stay. With NEGMINE_VERIFY=sizes, and for
    parts of old manifests, which have no hash, only the size counts.
    """
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    if stat.st_size != part["bytes"]:
        return True
    wanted = part.get(HASH)
    key = (str(path), stat.st_size, stat.st_mtime_ns, str(wanted))
    if wanted is None or key in _verified or os.environ.get(VARIABLE) == SIZES:
        return False
    if content_hash(path) != wanted:
        return True
    _verified.add(key)
    return False
