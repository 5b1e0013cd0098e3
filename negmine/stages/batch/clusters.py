"""Two ways to cut points into groups of near ones: k-means in levels, and halves of halves.

Both look at a sample of the points to find centroids, and at every point once on each level. So a level costs
one reading of the vectors, and memory grows by a few bytes a point.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from negmine.stages.batch.points import Ints, Points, Whole, shuffled

BRANCHES = 64  # centroids that are learned at once
PER_CENTROID = 256  # points that a centroid is learned from, as in FAISS
ROUNDS = 10  # of k-means
SLACK = 1.5  # a group of up to so many times the size that is asked for stays whole
HALVING_SAMPLE, HALVING_ROUNDS, LEAST_GAIN = 4_096, 20, 1e-4


def clusters(points: Points, numbers: Ints, size: int, seed: int) -> Iterator[Ints]:
    """Yield clusters of about `size` numbers, near ones one after the other.

    Spherical k-means (Dhillon and Modha 2001), in levels: at most 64 centroids, then each cluster again.
    Clusters of one level form a chain: each is the nearest to the one before (CDE, Morris and Rush 2024).
    """
    if len(numbers) <= SLACK * size:
        yield numbers
        return
    count = min(BRANCHES, math.ceil(len(numbers) / size))
    sample = shuffled(numbers, seed)[: count * PER_CENTROID]
    centroids = _learned(points, points.whole(sample), count)
    nearest = np.concatenate([(x @ centroids.T).argmax(axis=1) for x in points.chunks(numbers)])
    for child in _chain(centroids, np.unique(nearest)):
        inside = numbers[nearest == child]
        if len(inside) == len(numbers):  # all vectors are the same: nothing tells them apart
            yield from np.array_split(inside, math.ceil(len(inside) / size))
        else:
            yield from clusters(points, inside, size, seed)


def _learned(points: Points, sample: Whole, count: int) -> Whole:
    """Return centroids, [count, dims]; a cluster that gets empty keeps its centroid.

    Sums over a sample are whole numbers below 2^24, so float32 holds them, too.
    """
    centroids = points.centroid(sample[:count].astype(np.float64))
    for _ in range(ROUNDS):
        nearest = (sample @ centroids.T).argmax(axis=1)
        used = np.unique(nearest)
        belongs = (nearest == used[:, None]).astype(np.float32)
        before = centroids.copy()
        centroids[used] = points.centroid((belongs @ sample).astype(np.float64))
        if np.array_equal(before, centroids):
            break
    return centroids


def _chain(centroids: Whole, used: Ints) -> Iterator[int]:
    """Yield the used ones: first the first, then always the nearest that is left."""
    wide = centroids[used].astype(np.float64)
    products = wide @ wide.T
    at, left = 0, np.ones(len(used), np.bool_)
    for _ in used:
        yield int(used[at])
        left[at] = False
        at = int(np.where(left, products[at], -np.inf).argmax())


def halves(points: Points, numbers: Ints, size: int, seed: int) -> Iterator[Ints]:
    """Yield groups of at most `size` numbers, whose sizes differ by one at most; near ones follow each other.

    NGAME's balanced halving (Dahiya et al. 2023): the number of groups is a power of two.
    """
    depth = max(0, math.ceil(math.log2(max(len(numbers), 1) / size)))
    yield from _halved(points, numbers, depth, seed)


def _halved(points: Points, numbers: Ints, depth: int, seed: int) -> Iterator[Ints]:
    if depth == 0 or len(numbers) < 2:
        yield numbers
        return
    sample = points.whole(shuffled(numbers, seed)[:HALVING_SAMPLE])
    direction = _direction(points, sample)
    gains = np.concatenate([_gain(x, direction) for x in points.chunks(numbers)])
    order = np.argsort(gains, kind="stable")
    middle = len(numbers) // 2
    for half in (order[:middle], order[middle:]):
        yield from _halved(points, numbers[np.sort(half)], depth - 1, seed)


def _direction(points: Points, sample: Whole) -> Whole:
    """Return two centroids, [2, dims], such that half of the sample is nearer to each."""
    centroids = points.centroid(sample[:2].astype(np.float64))
    before = -np.inf
    for _ in range(HALVING_ROUNDS):
        order = np.argsort(_gain(sample, centroids), kind="stable")
        belongs = np.zeros((2, len(sample)), np.float32)
        belongs[0, order[: len(sample) // 2]] = 1
        belongs[1] = 1 - belongs[0]
        centroids = points.centroid((belongs @ sample).astype(np.float64))
        near = float(((sample @ centroids.T).astype(np.float64) * belongs.T).sum())
        if near - before < LEAST_GAIN * abs(near):
            break
        before = near
    return centroids


def _gain(rows: Whole, centroids: Whole) -> NDArray[np.float32]:
    """Return how much nearer rows are to the second centroid than to the first, float32 [rows]."""
    products = rows @ centroids.T
    gains: NDArray[np.float32] = products[:, 1] - products[:, 0]
    return gains
