"""What a store has: as it was listed, and what this process has put there since."""

from __future__ import annotations

from collections.abc import Iterable

from negmine.storage.remote.names import Named
from negmine.storage.remote.objects_of import attempts
from negmine.storage.remote.store import Entry, Store

_File = tuple[str, str]  # a file of an artifact, and its identity


class Listing:
    """The objects below an address. sizes: bytes of each, by its name; the store is asked only when told to."""

    def __init__(self, store: Store, sizes: dict[str, int] | None = None) -> None:
        self._store, self.sizes = store, sizes or {}
        self._left: dict[str, dict[_File, tuple[str, Named]]] = {}

    def renew(self) -> dict[str, Entry]:
        """List everything again; return it."""
        there = self._store.list()
        self.sizes = {name: entry.bytes for name, entry in there.items()}
        self._left.clear()
        return there

    def look_again(self, artifact: str) -> None:
        """List the objects of an artifact again: other machines may have put some there."""
        there = self._store.list(artifact)
        self.sizes |= {name: entry.bytes for name, entry in there.items()}
        self._left.pop(artifact, None)

    def left(self, artifact: str) -> dict[_File, tuple[str, Named]]:
        """Return the objects that attempts have left of an artifact, by file and identity."""
        if artifact not in self._left:
            found = attempts(self.sizes, artifact)
            self._left[artifact] = {(one.file, one.identity): (key, one) for key, one in found}
        return self._left[artifact]

    def put(self, name: str, size: int) -> None:
        """Take in an object that this process has put there."""
        self.sizes[name] = size

    def drop(self, names: Iterable[str]) -> None:
        """Remove objects."""
        every = list(names)
        self._store.delete(every)
        for name in every:
            self.sizes.pop(name, None)
        self._left.clear()
