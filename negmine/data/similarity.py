"""How like documents are to the known positives of a query, and to what stands at its top.

Vectors are unit vectors, so inner products are cosines. Products are float64 and rounded to float32
once, so that machines agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FEEDBACK = 20  # documents that pseudo-relevance feedback takes for the query's topic

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Likeness(NamedTuple):
    """Of every document with the positives of its group; NaN where a group has none.

    largest, mean: float32 [docs].
    """

    largest: Floats
    mean: Floats


def likeness(
    vectors: NDArray[np.floating],
    docs: Ints,
    offsets: Ints,
    positives: Ints,
    positive_offsets: Ints,
) -> Likeness:
    """Return the largest and the mean cosine of every document with a positive of its group.

    vectors: [documents, dims]. Group g is docs[offsets[g]:offsets[g+1]] against its slice of
    `positives`.
    """
    largest, mean = (np.full(len(docs), np.nan, np.float32) for _ in range(2))
    for group, these in _groups(offsets):
        those = positives[positive_offsets[group] : positive_offsets[group + 1]]
        if len(those):
            products = _wide(vectors, docs[these]) @ _wide(vectors, those).T
            largest[these], mean[these] = products.max(axis=1), products.mean(axis=1)
    return Likeness(largest, mean)


def centroid_similarity(
    vectors: NDArray[np.floating], docs: Ints, offsets: Ints, scores: Floats
) -> Floats:
    """Return the cosine of every document with the centroid of its group's 20 best, float32 [docs].

    scores: float32 [docs], finite; ties go to the earlier document. That centroid is what pseudo-relevance
    feedback takes for the query's topic (Rocchio 1971, without the query).
    """
    result = np.empty(len(docs), np.float32)
    for _, these in _groups(offsets):
        best = np.argsort(-scores[these], kind="stable")[:FEEDBACK]
        rows = _wide(vectors, docs[these])
        centroid = rows[best].mean(axis=0)
        result[these] = rows @ (centroid / max(float(np.linalg.norm(centroid)), 1e-12))
    return result


def _groups(offsets: Ints) -> Iterator[tuple[int, slice]]:
    for group in range(len(offsets) - 1):
        yield group, slice(offsets[group], offsets[group + 1])


def _wide(vectors: NDArray[np.floating], rows: Ints) -> NDArray[np.float64]:
    return vectors[rows].astype(np.float64)
