"""Which command holds a work directory, wherever it lies: machines compare whether they see the same one."""

from __future__ import annotations

from pathlib import Path

from negmine.config.addresses import Address, as_address
from negmine.storage import locks
from negmine.storage.remote import beats
from negmine.storage.remote.store import Store


def holder_of(work: str) -> str:
    """Return what is recorded of the process that holds a work directory; empty where nobody does.

    work: an absolute path, or an address. Raises WorkdirError where its store does not answer.
    """
    place = as_address(work)
    if isinstance(place, Address):
        return beats.holder_at(Store(place))
    return locks.holder_of(Path(place))
