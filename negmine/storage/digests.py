"""sha256 of files, cached by path, size and modification time."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from negmine.data.identity import file_digest
from negmine.storage.small_json import read_sealed, write_sealed

_STAMPED = TypeAdapter(dict[str, tuple[int, int, str]])  # path: size, modification time, sha256


class Digests:
    """sha256 of files, cached in one JSON file by (path, size, modification time).

    A model of a gigabyte or a corpus of ten is hashed once, not at every `status`. Losing the cache costs
    a read, never a wrong answer, unless somebody changes a file and restores its size and its time to the
    nanosecond.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._stamped: dict[str, tuple[int, int, str]] = {}
        try:
            self._stamped = _STAMPED.validate_python(read_sealed(cache))
        except (OSError, ValueError):
            self._stamped = {}

    def __call__(self, path: Path) -> str:
        """Return the sha256 (hex) of `path`, from the cache where size and time are the same."""
        path = path.resolve()
        stat = path.stat()
        stamp = (stat.st_size, stat.st_mtime_ns)
        cached = self._stamped.get(str(path))
        if cached and cached[:2] == stamp:
            return cached[2]
        digest = file_digest(path)
        self._stamped[str(path)] = (*stamp, digest)
        return digest

    def save(self) -> None:
        """Write the cache, where the work directory exists."""
        if self._cache.parent.is_dir():
            write_sealed(self._cache, self._stamped)
