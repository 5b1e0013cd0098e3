"""Training files of a work directory at an address, as a folder of this machine."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from negmine.config.addresses import Address, as_address
from negmine.storage.layout import BATCHES, CARD
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


@lru_cache(maxsize=8)
def _opened(name: str) -> Workdir:
    """Return a work directory that stays open, so that its mirror is not removed while files are read."""
    return open_workdir(name)
