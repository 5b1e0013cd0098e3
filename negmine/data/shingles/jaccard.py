"""Jaccard similarity of sets of shingles.

Jaccard(A, B) = |A & B| / |A | B| (Broder 1997, "resemblance"). An empty set is like nothing, not even another
empty set: 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.jit import compiled, read_only
from negmine.data.similarity import Floats, Ints, Likeness


class Sets:
    """Sorted sets of shingles: set s is hashes[offsets[s]:offsets[s + 1]]."""

    def __init__(self, hashes: NDArray[np.unsignedinteger[Any]], offsets: Ints) -> None:
        self._hashes, self._offsets = hashes, offsets

    def likeness(
        self, docs: Ints, doc_offsets: Ints, positives: Ints, positive_offsets: Ints
    ) -> Likeness:
        """Return the largest and the mean Jaccard similarity of every document to its group's positives.

        docs, positives: numbers of sets. Group g is docs[doc_offsets[g]:doc_offsets[g + 1]] against its slice
        of `positives`. NaN where a group has no positives.
        """
        empty = np.repeat(np.diff(positive_offsets) == 0, np.diff(doc_offsets))
        result = Likeness(*(np.where(empty, np.float32(np.nan), np.float32(0)) for _ in range(2)))
        groups = (docs, doc_offsets, positives, positive_offsets)
        arrays = map(read_only, (self._hashes, self._offsets, *groups))
        compiled(_compare)(*arrays, result.largest, result.mean)
        return result

    def jaccard(self, left: Ints, right: Ints) -> Floats:
        """Return the similarity of the sets left[j] and right[j], float32 [pairs]."""
        each = np.arange(len(left) + 1)
        return self.likeness(left, each, right, each).largest


def _compare(
    hashes: NDArray[np.unsignedinteger[Any]],
    offsets: Ints,
    docs: Ints,
    doc_offsets: Ints,
    positives: Ints,
    positive_offsets: Ints,
    largest: Floats,
    mean: Floats,
) -> None:
    for group in range(len(doc_offsets) - 1):
        count = positive_offsets[group + 1] - positive_offsets[group]
        for place in range(doc_offsets[group], doc_offsets[group + 1]):
            a, a_end = offsets[docs[place]], offsets[docs[place] + 1]
            for other in range(positive_offsets[group], positive_offsets[group + 1]):
                b, b_end = offsets[positives[other]], offsets[positives[other] + 1]
                i, j, common = a, b, 0
                while i < a_end and j < b_end:
                    x, y = hashes[i], hashes[j]
                    common += x == y
                    i += x <= y
                    j += y <= x
                union = (a_end - a) + (b_end - b) - common
                if union > 0:
                    largest[place] = max(largest[place], common / union)
                    mean[place] += common / union / count
