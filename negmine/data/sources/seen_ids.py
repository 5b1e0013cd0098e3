"""The ids of a table that were read so far, and where each stands first: 24 bytes for an id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from negmine.data.first_places import FirstPlaces, keys_of


class SeenIds:
    """Ids with the place of the first of each: what `reading.coded` makes of a line."""

    def __init__(self) -> None:
        self._earlier = FirstPlaces()
        self._known: dict[
            str, int
        ] = {}  # ids of the chunk that is read, those of earlier chunks among them
        self._new: dict[str, int] = {}

    def add_all(self, ids: Sequence[str], first: int) -> bool:
        """Add ids that stand in places that follow each other, or none, if one is there twice; tell which."""
        if len(set(ids)) < len(ids):
            return False
        keys = keys_of(ids)
        if (self._earlier.of(keys) >= 0).any():
            return False
        self._earlier.add(keys, np.arange(first, first + len(ids)))
        return True

    @contextmanager
    def chunk(self, ids: Sequence[str]) -> Iterator[None]:
        """Let `get` and `add` know these ids while the block runs."""
        asked = list(dict.fromkeys(ids))
        places = self._earlier.of(keys_of(asked)).tolist()
        self._known = {name: place for name, place in zip(asked, places, strict=True) if place >= 0}
        self._new = {}
        yield
        self._earlier.add(keys_of(self._new), np.array(list(self._new.values()), np.int64))

    def get(self, identifier: str) -> int | None:
        """Return where an id of the chunk stands first; None where it is new."""
        return self._known.get(identifier)

    def add(self, identifier: str, place: int) -> None:
        """Add an id of the chunk that is new."""
        self._known[identifier] = self._new[identifier] = place
