"""Which storage the name of a work directory means."""

from __future__ import annotations

from pathlib import Path

from negmine.config.addresses import HUB, Address, as_address, shown
from negmine.errors import WorkdirError
from negmine.storage.folders import refuse_file
from negmine.storage.remote.objects import is_web
from negmine.storage.workdir import Workdir


def open_workdir(root: Path | str) -> Workdir:
    """Return the work directory of this name, whether it exists or not.

    Raises WorkdirError for a file, and for an address where none can be: on the web, on the Hub.
    """
    try:
        place = as_address(root)
    except ValueError as error:
        raise WorkdirError(f"{shown(root)}: {error}.") from error
    if not isinstance(place, Address):
        refuse_file(Path(place))
        return Workdir(place)
    if place.scheme == HUB or is_web(place):
        raise WorkdirError(
            f"{place} cannot be a work directory: objects there cannot be written one by one. Name a folder of "
            "this machine, or an address of an object store such as s3://bucket/work."
        )
    from negmine.storage.remote.workdir import RemoteWorkdir

    return RemoteWorkdir(Address(place.full.rstrip("/")))
