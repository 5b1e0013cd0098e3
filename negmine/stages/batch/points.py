"""Query vectors in whole numbers, so that every machine clusters them alike.

A vector is scaled until its largest coordinate is 127 (less for very long vectors), and rounded. Products and
sums of such vectors are whole numbers that float32 or float64 holds exactly, in whatever order they are added.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from negmine.data.hashing import GOLDEN, splitmix64

EXACT = 1 << 24  # whole numbers up to this are exact in float32
STEP = 8_192  # vectors that are read at once

Ints = NDArray[np.int64]
Whole = NDArray[np.float32]


class Points:
    """Vectors by number, 0 to count - 1. vectors(numbers): float [numbers, dims]; none may be all zeros."""

    def __init__(
        self, vectors: Callable[[Ints], NDArray[np.floating]], count: int, dims: int
    ) -> None:
        self._vectors, self.count = vectors, count
        self._levels = min(127, math.isqrt((EXACT - 1) // dims))
        self._scale = (EXACT - 1) // math.ceil(self._levels * math.sqrt(dims))

    def whole(self, numbers: Ints) -> Whole:
        """Return vectors in whole numbers, float32 [numbers, dims]; their lengths differ."""
        rows = np.asarray(self._vectors(numbers), np.float32)
        largest = np.abs(rows).max(axis=1, keepdims=True)
        whole: Whole = np.rint(rows * (np.float32(self._levels) / largest))
        return whole

    def chunks(self, numbers: Ints) -> Iterator[Whole]:
        """Yield the vectors of many numbers, some at a time."""
        for start in range(0, len(numbers), STEP):
            yield self.whole(numbers[start : start + STEP])

    def centroid(self, sums: NDArray[np.float64]) -> Whole:
        """Return directions in whole numbers, all of one length, float32. sums: of vectors, whole [k, dims]."""
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        whole: Whole = np.rint(sums * (self._scale / np.maximum(lengths, 1.0))).astype(np.float32)
        return whole

    def cosines(self, numbers: Ints) -> NDArray[np.float64]:
        """Return the cosine of every pair, float64 [numbers, numbers]."""
        rows = self.whole(numbers)
        products = (rows @ rows.T).astype(np.float64)
        lengths = np.sqrt(np.diag(products))
        cosines: NDArray[np.float64] = products / lengths[:, None] / lengths[None, :]
        return cosines


def shuffled(numbers: Ints, seed: int) -> Ints:
    """Return numbers in random order. Which of two comes first depends on them and `seed` alone."""
    state = numbers.astype(np.uint64) * GOLDEN + splitmix64(
        np.array([seed + 1], np.uint64) * GOLDEN
    )
    return numbers[np.argsort(splitmix64(state), kind="stable")]
