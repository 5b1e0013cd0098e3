"""What makes two things the same: digests of files, identities of artifacts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

_BLOCK = 1 << 20


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no white space: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def identity_of(value: Any) -> str:
    """Return the first 16 hex digits of the sha256 of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the sha256 (hex) of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


class Digests:
    """sha256 of files, remembered by (path, size, modification time) in one JSON file.

    A model of a gigabyte or a corpus of ten is hashed once, not at every `status`. The memory is
    only a shortcut: losing it costs a read, never a wrong answer, unless somebody changes a file
    and restores its size and its time to the nanosecond.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._known: dict[str, list[Any]] = {}
        try:
            self._known = json.loads(memory.read_text())
        except (OSError, ValueError):
            self._known = {}

    def __call__(self, path: Path) -> str:
        """Return the sha256 of `path`, from memory where size and time are the same."""
        path = path.resolve()
        stat = path.stat()
        stamp = [stat.st_size, stat.st_mtime_ns]
        known = self._known.get(str(path))
        if known and known[:2] == stamp:
            return str(known[2])
        digest = file_digest(path)
        self._known[str(path)] = [*stamp, digest]
        return digest

    def save(self) -> None:
        """Write the memory down, where the work directory exists."""
        if self._memory.parent.is_dir():
            temporary = self._memory.with_suffix(".tmp")
            temporary.write_text(json.dumps(self._known, indent=0))
            temporary.replace(self._memory)
