"""What a first command that failed leaves in a work directory, and that nobody needs."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from negmine.storage.files import TEMPORARY

LOCK, HOLDER, DIGESTS = ".lock", ".lock-holder.json", ".digests.json"


def remove_leftovers(root: Path, with_root: bool) -> None:
    """Remove lock, digests and empty folders of stages, unless there is anything else.

    with_root: remove the work directory, too. The caller holds its lock, which goes last: from then on
    the directory may be another's.
    """
    entries = sorted(root.iterdir(), key=lambda entry: entry.name == LOCK)
    if not all(map(_is_leftover, entries)):
        return
    with suppress(OSError):
        for entry in entries:
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
        if with_root:
            root.rmdir()


def remove_temporaries(root: Path) -> None:
    """Remove files that an earlier process was writing when it was killed; the caller holds the lock."""
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith(TEMPORARY):
                (Path(folder) / name).unlink(missing_ok=True)


def _is_leftover(entry: Path) -> bool:
    if entry.is_dir() and not entry.is_symlink():
        is_stage = entry.name.partition("-")[0].isdigit()
        return is_stage and all(inside.is_dir() for inside in entry.rglob("*"))
    return entry.name in (LOCK, HOLDER, DIGESTS)
