"""Who was first with each of many keys: 24 bytes for a key, however many there are.

A Python dictionary takes several times that for an id, and a join looks at all earlier keys for each chunk.
Here keys are hashes of 128 bits, sorted in blocks. Blocks of a size come together, up to `MOST`, so a chunk is
looked up in few.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

MOST = 1 << 23  # keys of a block that grows no more
Keys = NDArray[np.uint64]  # [keys, 2]
Places = NDArray[np.int64]


class _Block(NamedTuple):
    """Keys in the order of their first halves, each half an array, and their places."""

    first: NDArray[np.uint64]
    second: NDArray[np.uint64]
    places: Places


class FirstPlaces:
    """Keys with the place of the first of each: a row, or a line."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def of(self, keys: Keys) -> Places:
        """Return the place of each key, int64 [keys]; -1 for those that were not added."""
        found = np.full(len(keys), -1, np.int64)
        order = np.argsort(keys[:, 0])  # neighbours are looked up together, which caches like
        asked = keys[order]
        for block in self._blocks:
            _look_up(block, asked, order, found)
        return found

    def add(self, keys: Keys, places: Places) -> None:
        """Add keys that are all distinct, and were not added before."""
        if not len(keys):
            return
        blocks = self._blocks
        blocks.append(_sorted(keys[:, 0], keys[:, 1], places))
        while len(blocks) > 1 and _belong_together(len(blocks[-2].first), len(blocks[-1].first)):
            last, before = blocks.pop(), blocks.pop()
            blocks.append(
                _sorted(*(np.concatenate(pair) for pair in zip(before, last, strict=True)))
            )


def keys_of(names: Iterable[str]) -> Keys:
    """Return the key of each name: XXH3 of 128 bits.

    By chance, two of 100 million names have one key once in 10^22 times.
    """
    digests = (xxhash.xxh3_128_digest(name.encode("utf-8", "surrogatepass")) for name in names)
    return from_bytes(digests)


def from_bytes(keys: Iterable[bytes]) -> Keys:
    """Return keys of 16 bytes each."""
    return np.frombuffer(b"".join(keys), np.uint64).reshape(-1, 2)


def _belong_together(before: int, last: int) -> bool:
    return before <= 2 * last and before + last <= MOST


def _sorted(first: NDArray[np.uint64], second: NDArray[np.uint64], places: Places) -> _Block:
    order = np.argsort(first, kind="stable")
    return _Block(first[order], second[order], places[order])


def _look_up(block: _Block, asked: Keys, order: NDArray[np.intp], found: Places) -> None:
    """Write the places of the keys that a block has; `order`: where each of them stands in `found`."""
    at = np.searchsorted(block.first, asked[:, 0])
    some = np.arange(len(asked))
    while len(some := some[at[some] < len(block.first)]):
        some = some[block.first[at[some]] == asked[some, 0]]
        is_it = block.second[at[some]] == asked[some, 1]
        found[order[some[is_it]]] = block.places[at[some[is_it]]]
        some = some[~is_it]  # another key has the same first half
        at[some] += 1
