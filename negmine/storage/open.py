"""Which storage the name of a work directory means."""

from __future__ import annotations

from pathlib import Path

from negmine.config.addresses import shown
from negmine.config.naming import is_address
from negmine.errors import WorkdirError
from negmine.storage.folders import refuse_file
from negmine.storage.workdir import Workdir


def open_workdir(root: Path | str) -> Workdir:
    """Return the work directory of this name, whether it exists or not.

    Raises WorkdirError for an address or a file.
    """
    if is_address(root):
        raise WorkdirError(f"{shown(root)} is an address. Name a folder of this machine.")
    refuse_file(Path(root))
    return Workdir(root)
