"""Whose turn it is: what each `--by` puts next to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from negmine.data.hashing import GOLDEN, splitmix64
from negmine.stages.batch.clusters import clusters, halves
from negmine.stages.batch.fill import Turn
from negmine.stages.batch.points import Ints, Points, shuffled
from negmine.stages.batch.settings import BatchSettings

LEAF = 512  # queries among which the nearest are looked for, at least
SHUFFLED = 65_536  # queries that take their turn together where they have nothing in common

Groups = Iterator[tuple[Ints, Turn]]


class RowsOfQueries:
    """The rows of each query.

    query: int32 [rows], from 0 to count - 1. kind: int64 [count]; queries of one kind have positives in
    common, so that their rows contradict each other.
    """

    def __init__(self, query: NDArray[np.int32], count: int, kind: Ints) -> None:
        self._query, self._kind = query, kind
        self._rows = np.argsort(query, kind="stable").astype(np.int64)
        self._offsets = np.searchsorted(query[self._rows], np.arange(count + 1))

    def of(self, queries: Ints) -> Ints:
        """Return the rows of these queries, in their order."""
        return self._lists(queries, np.arange(len(queries) + 1))[0]

    def order(self, queries: Ints, seed: int) -> Ints:
        """Return the rows of these queries in random order, those of one kind evenly spread.

        Left to chance, some would be left over at the end that contradict each other.
        """
        rows = shuffled(self.of(queries), seed)
        kinds, kind, sizes = np.unique(
            self._kind[self._query[rows]], return_inverse=True, return_counts=True
        )
        by_kind = np.argsort(kind, kind="stable")
        rank = np.empty(len(rows), np.int64)
        rank[by_kind] = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        start = splitmix64((kinds.astype(np.uint64) + np.uint64(seed)) * GOLDEN) / 2.0**64
        return rows[np.argsort((rank + start[kind]) / sizes[kind], kind="stable")]

    def turn(self, queries: Ints, rows: Ints, drawn: Ints, offsets: Ints, most: int) -> Turn:
        """Return the turn of rows that draw in the rows of other queries.

        queries[i] draws in the queries drawn[offsets[i]:offsets[i + 1]]. rows: those of `queries`, in order.
        most: how many rows a row draws in.
        """
        flat, ends = self._lists(drawn, offsets)
        by_query = np.argsort(queries, kind="stable")
        place = by_query[np.searchsorted(queries[by_query], self._query[rows])]
        starts, lengths = ends[:-1][place], np.diff(ends)[place]
        own_ends = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(starts - own_ends[:-1], lengths) + np.arange(own_ends[-1])
        return Turn(rows, own_ends, flat[places], most)

    def _lists(self, queries: Ints, offsets: Ints) -> tuple[Ints, Ints]:
        """Return lists of rows for lists of queries: the rows, and where each list begins."""
        starts, lengths = self._offsets[queries], np.diff(self._offsets)[queries]
        ends = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(starts - ends[:-1], lengths) + np.arange(ends[-1])
        return self._rows[places], ends[offsets]


def clustered(
    points: Points, queries: Ints, rows: RowsOfQueries, settings: BatchSettings
) -> Groups:
    """Yield clusters of queries, each with the turn of its rows, shuffled (TAS-Balanced, Arctic-Embed, CDE)."""
    for group in clusters(points, queries, settings.queries_in_cluster, settings.seed):
        yield group, Turn(rows.order(group, settings.seed))


def at_random(
    points: Points | None, queries: Ints, rows: RowsOfQueries, settings: BatchSettings
) -> Groups:
    """Yield queries in random order."""
    order = shuffled(queries, settings.seed)
    for start in range(0, len(order), SHUFFLED):
        group = order[start : start + SHUFFLED]
        yield group, Turn(rows.order(group, settings.seed))


def neighbours(
    points: Points, queries: Ints, rows: RowsOfQueries, settings: BatchSettings
) -> Groups:
    """Yield groups of queries in which every row draws its query's neighbours into its batch.

    A batch begins with a row, and gets half of its rows from the nearest queries, and half at random from those
    that follow, as many again (Sample4Geo, Deuser et al. 2023). Neighbours are looked for inside the groups of
    NGAME's halving alone, so that the work grows with the queries, not with their square.
    """
    most = settings.batch_size - 1
    size = max(LEAF, 4 * settings.batch_size)
    for group in halves(points, queries, size, settings.seed):
        lists = _nearest(points, group, most, settings.seed)
        offsets = np.arange(len(group) + 1) * lists.shape[1]
        order = rows.order(group, settings.seed)
        yield group, rows.turn(group, order, group[lists].ravel(), offsets, most)


def _nearest(points: Points, group: Ints, most: int, seed: int) -> Ints:
    """Return places in the group: for each query its nearest half, then random ones of the next, int64."""
    cosines = points.cosines(group)
    np.fill_diagonal(cosines, -np.inf)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, : min(2 * most, len(group) - 1)]
    half = (most + 1) // 2
    near, far = order[:, :half], order[:, half:]
    draws = splitmix64(
        splitmix64((group[:, None].astype(np.uint64) + np.uint64(seed)) * GOLDEN)
        + far.astype(np.uint64)
    )
    picked = np.argsort(draws, axis=1, kind="stable")[:, : most - half]
    return np.concatenate([near, np.take_along_axis(far, picked, axis=1)], axis=1)


TURNS: dict[str, Callable[..., Groups]] = {
    "cluster": clustered,
    "neighbour": neighbours,
    "source": at_random,
    "random": at_random,
}
