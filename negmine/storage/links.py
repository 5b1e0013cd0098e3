"""Links in a work directory: negmine reads and writes through none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

DEPTH = 5  # folders in a work directory: scores/<model>/part-00000/chunk is the deepest


def links(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Yield the links in a folder and in those below it, as deep as artifacts and caches lie."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        inside = list(entries)
    for entry in inside:
        if entry.is_symlink():
            yield Path(entry.path)
        elif depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from links(Path(entry.path), depth - 1)
