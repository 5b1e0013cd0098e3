"""Training files of a work directory at an address, as a folder of this machine."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from negmine.config.addresses import Address, as_address
from negmine.errors import NegmineError
from negmine.storage.layout import BATCHES, CARD
from negmine.storage.manifest import MANIFEST
from negmine.storage.open import open_workdir
from negmine.storage.workdir import Workdir


def training_folder(path: Path) -> Path | None:
    """Return the folder of `s3://bucket/work/5-write/triplet` in its mirror, and provenance beside it.

    None for an address that is no folder of training files. Raises MissingArtifact, CorruptArtifact.
    """
    try:
        address = as_address(path)
    except ValueError:  # a chain of addresses, or one with keys
        return None
    if not isinstance(address, Address) or address.parent.name not in (CARD, BATCHES):
        return None
    work = _opened(address.parent.parent.full)
    name = f"{address.parent.name}/{address.name}"
    work.part_files(name)
    beside = work.root.glob(f"{address.parent.name}/provenance*")
    for folder in beside:
        if work.manifest(other := f"{address.parent.name}/{folder.name}") is not None:
            work.part_files(other)
    return work.folder(name)


def training_folders(path: Path) -> list[str]:
    """Return the folders of training files of a work directory at an address, or of its `5-write`."""
    root = path.parent if path.name in (CARD, BATCHES) else path
    try:
        work = _opened(Address(str(root)).full)
    except NegmineError:
        return []
    made = (
        path.parent for top in (CARD, BATCHES) for path in work.root.glob(f"{top}/*/{MANIFEST}")
    )
    return [
        f"{root}/{folder.relative_to(work.root).as_posix()}"
        for folder in sorted(made)
        if not folder.name.startswith(("provenance", "short"))
    ]


@lru_cache(maxsize=8)
def _opened(name: str) -> Workdir:
    """Return a work directory that stays open, so that its mirror is not removed while files are read."""
    return open_workdir(name)
