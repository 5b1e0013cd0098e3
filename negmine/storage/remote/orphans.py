"""Objects that nothing lists: of attempts that were killed, and of artifacts that were made anew."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from negmine.storage.remote.store import Entry, Store

OLD = timedelta(hours=24)  # a reader that began before may still want them
_OURS = re.compile(r"(\d+-[^/]+|settings|sources|prove|vectors|scores|judge)[/-].*")
_BY_CONTENT = re.compile(r".*-[0-9a-f]{64}(\.[^/]*)?")


def orphans(there: Mapping[str, Entry], listed: Collection[str], lock: str) -> list[str]:
    """Return the objects that a holder of the lock may remove.

    there: all objects. listed: those that manifests and `_files.json` name. lock: the holder's own, just
    written: its time is the store's.
    """
    if lock not in there:
        return []
    before = there[lock].modified - OLD
    return [
        name
        for name, entry in there.items()
        if name not in listed
        and entry.modified < before
        and _OURS.fullmatch(name)
        and _BY_CONTENT.fullmatch(name)
    ]


def collect(store: Store, listed: Collection[str], lock: str) -> int:
    """Remove the objects that nothing lists any more, and that are old; return how many. Needs the lock."""
    gone = orphans(store.list(), set(listed), lock)
    store.delete(gone)
    return len(gone)
