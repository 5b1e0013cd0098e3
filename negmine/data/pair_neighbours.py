"""Nearest pairs: whether a pair of query and document lies among positive or among negative pairs.

After label cleaning by nearest neighbours, as tried on TACRED: an instance whose nearest neighbours carry
another label is probably labelled wrongly. Pair vectors and margins are negmine's own.

A pair's vector joins the product and the distance of its two vectors, component by component, each brought to
length 1. So two pairs are near where query and document agree, and differ, in the same directions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 256  # pairs that are compared with all references at once

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class References(NamedTuple):
    """Pairs whose label is known: positive[i] is about vectors[i], of query queries[i].

    vectors: float64 [pairs, dimensions], of `pair_vectors`. queries: int64 [pairs]. positive: bool [pairs].
    """

    vectors: Doubles
    queries: Ints
    positive: NDArray[np.bool_]


def pair_vectors(queries: NDArray[Any], documents: NDArray[Any]) -> Doubles:
    """Return a unit vector for every pair, float64 [pairs, 2 * dimensions].

    queries, documents: unit vectors [pairs, dimensions], row i of both is pair i. The vector is
    (q * d / |q * d|, |q - d| / ||q - d||) / sqrt(2), products and distances taken component by component; a
    part that is 0 throughout stays 0.
    """
    left, right = queries.astype(np.float64), documents.astype(np.float64)
    parts = (left * right, np.abs(left - right))
    joined: Doubles = np.hstack([_unit(part) for part in parts]) / np.sqrt(2.0)
    return joined


def _unit(rows: Doubles) -> Doubles:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Doubles = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit


def margins(
    vectors: Doubles, queries: Ints, references: References, count: int
) -> NDArray[np.float32]:
    """Return how much nearer positive pairs are than negative ones, float32 [pairs].

    The mean similarity to the `count` nearest positive pairs less that to the `count` nearest negative pairs,
    of other queries alone: the query's own pairs would answer for it. Similarity: the cosine of pair vectors.
    NaN where other queries have fewer than `count` pairs of a kind.

    vectors: [pairs, dimensions], of `pair_vectors`. queries: int64 [pairs], numbered as in references.
    """
    result = np.full(len(vectors), np.nan, np.float32)
    kinds = [np.flatnonzero(references.positive == kind) for kind in (True, False)]
    if min(map(len, kinds)) < count:
        return result
    sides = [(references.vectors[rows], references.queries[rows]) for rows in kinds]
    for start in range(0, len(vectors), BLOCK):
        here = slice(start, start + BLOCK)
        near, far = (
            _nearest_mean(vectors[here], queries[here], theirs, owners, count)
            for theirs, owners in sides
        )
        result[here] = near - far
    return result


def _nearest_mean(
    vectors: Doubles, queries: Ints, theirs: Doubles, owners: Ints, count: int
) -> Doubles:
    """Return the mean of each row's `count` largest products; NaN where it has fewer of other queries."""
    products = vectors @ theirs.T
    products[queries[:, None] == owners[None, :]] = -np.inf
    place = products.shape[1] - count
    best = np.sort(np.partition(products, place, axis=1)[:, place:], axis=1)
    mean = best.mean(axis=1)
    return np.where(np.isfinite(mean), mean, np.nan)
