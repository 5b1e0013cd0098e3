"""Near copies among millions of texts: which of them say almost the same.

Texts that share a key of MinHash are compared (Broder 1997; banding: Leskovec, Rajaraman and Ullman, "Mining of
Massive Datasets", section 3.4). With 20 bands of 5, a pair of Jaccard similarity 0.8 shares a key with
probability 0.9996, one of 0.5 with 0.47.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from negmine.data.hashing import GOLDEN, splitmix64
from negmine.data.jit import compiled, in_threads, read_only

BANDS, BAND = 20, 5
WINDOW = 2  # texts of one key that a text is compared with: those that follow it

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


def band_keys(shingles: NDArray[np.unsignedinteger], offsets: Ints) -> Hashes:
    """Return the keys of texts, uint64 [texts, BANDS]; 0 for a text without shingles.

    shingles: hashes of which the lowest 32 bits count. Text t has shingles[offsets[t]:offsets[t + 1]].
    """
    numbers = np.arange(1, 2 * BANDS * BAND + 1, dtype=np.uint64)
    factors, summands = splitmix64(numbers * GOLDEN).reshape(2, -1)
    keys = np.zeros((len(offsets) - 1, BANDS), np.uint64)
    arrays = [read_only(one) for one in (shingles, offsets, factors | np.uint64(1), summands)]
    in_threads(lambda start, stop: compiled(_keys)(*arrays, keys, start, stop), len(keys))
    return keys


def candidate_pairs(keys: Hashes) -> tuple[Ints, Ints]:
    """Return pairs of texts that share a key: left and right, int64, left < right, each pair once."""
    count = len(keys)
    pairs = np.empty(0, np.int64)
    for band in range(keys.shape[1]):
        column = keys[:, band]
        order = np.argsort(column, kind="stable")
        for step in range(1, WINDOW + 1):
            left, right = order[:-step], order[step:]
            same = (column[left] == column[right]) & (column[left] != 0)
            pairs = np.union1d(pairs, left[same] * count + right[same])
    return np.divmod(pairs, count)


def groups(count: int, left: Ints, right: Ints) -> Ints:
    """Return the group of each of `count` texts, int64 from 0: pairs are of one group, and so are chains."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left), np.bool_), (left, right)), shape=(count, count))
    labels: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def _keys(
    shingles: NDArray[np.unsignedinteger],
    offsets: Ints,
    factors: Hashes,
    summands: Hashes,
    keys: Hashes,
    start: int,
    stop: int,
) -> None:
    """Write keys[start:stop]: each mixes the least values of BAND multiply-shift hashes (Dietzfelbinger)."""
    least = np.empty(len(factors), np.uint64)
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for text in range(start, stop):
        if offsets[text] == offsets[text + 1]:
            continue
        least[:] = low
        for place in range(offsets[text], offsets[text + 1]):
            shingle = np.uint64(shingles[place]) & low
            for number in range(len(factors)):
                value = (shingle * factors[number] + summands[number]) >> half
                least[number] = min(least[number], value)
        for band in range(keys.shape[1]):
            mixed = np.uint64(band + 1)
            for number in range(band * BAND, (band + 1) * BAND):
                mixed = (mixed ^ least[number]) * np.uint64(0xBF58476D1CE4E5B9)
                mixed ^= mixed >> np.uint64(31)
            keys[text, band] = mixed | np.uint64(1)
