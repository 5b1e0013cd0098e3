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

    Raises WorkdirError for a file, and for an address where none can be: on the web, on the Hub, with `..`.
    """
    try:
        place = as_address(root)
    except ValueError as error:
        raise WorkdirError(f"{shown(root)}: {error}.") from error
    if not isinstance(place, Address) or len(place.parts) < 2:
        local = _local(Path(place))
        refuse_file(local)
        return Workdir(local)
    if place.scheme == HUB or is_web(place):
        raise WorkdirError(
            f"{place} cannot be a work directory: objects there cannot be written one by one. Name a folder of "
            "this machine, or an address of an object store such as s3://bucket/work."
        )
    if ".." in place.parts:
        raise WorkdirError(f"{place}: an object store knows no `..`. Name the address itself.")
    from negmine.storage.remote.workdir import RemoteWorkdir

    return RemoteWorkdir(Address(place.full.rstrip("/")))


def _local(path: Path) -> Path:
    """Return a path of this machine; absolute where pyarrow would take it for an address (`run:1`).

    Raises WorkdirError for what looks like an address and is none, such as `s3://` without a bucket.
    """
    first = path.parts[0] if path.parts else ""
    if first.endswith(":"):
        raise WorkdirError(
            f"{path} looks like an address, and is none: it names no bucket, or no kind of store. Say it as in "
            f"s3://bucket/work; for a folder of that name say {Path.cwd() / path}."
        )
    return path.absolute() if ":" in first else path
