"""Which values are nearest to a value: enough of them, and all that are as near as the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.retrievers.neighbours.values import EARTH_KM, Points, scores

Values = NDArray[np.int64]  # places in Points.values
SLACK = 1e-6  # of a radius: scikit-learn's distances differ from ours in the last bits


class Near:
    """Finds the values that are nearest to some values. counts: int64 [values], documents of each."""

    def __init__(self, points: Points, counts: NDArray[np.int64]) -> None:
        self._points, self._counts = points, counts
        self._tree = _ball_tree(points.values) if points.kind == "place" and len(counts) else None

    def of(self, values: Values, documents: int) -> Iterator[Values]:
        """Yield for each of these values the nearest ones, itself among them.

        They have at least so many `documents`, or are all. If one is among them, so are all that are as near.
        """
        if self._points.kind == "same":
            yield from values[:, None]
        elif self._tree is not None and len(values):
            yield from self._places(self._tree, values, documents)
        else:
            yield from (self._numbers(int(value), documents) for value in values)

    def _numbers(self, value: int, documents: int) -> Values:
        """Look left and right, further each time, until both ends are farther than what is needed."""
        end, width = len(self._counts), documents
        while True:
            first, last = max(0, value - width), min(end, value + width + 1)
            window = np.arange(first, last)
            near = self._scores(value, window)
            limit = _limit(near, self._counts[window], documents)
            if (first == 0 or near[0] < limit) and (last == end or near[-1] < limit):
                return window[near >= limit]
            width *= 2

    def _places(self, tree: Any, values: Values, documents: int) -> Iterator[Values]:
        most = min(documents, len(self._counts))
        _, nearest = tree.query(self._points.values[values], k=most)
        limits = np.array(
            [
                _limit(self._scores(value, some), self._counts[some], documents)
                for value, some in zip(values, nearest, strict=True)
            ]
        )
        radii = (-limits.astype(np.float64) * (1 + SLACK) + SLACK) / EARTH_KM
        within: Sequence[Values] = tree.query_radius(self._points.values[values], r=radii)
        for value, some, limit in zip(values, within, limits, strict=True):
            yield some[self._scores(value, some) >= limit]

    def _scores(self, value: Any, others: Values) -> NDArray[np.float32]:
        each = self._points.values
        return scores(
            self._points.kind, np.broadcast_to(each[value], each[others].shape), each[others]
        )


def _limit(near: NDArray[np.float32], counts: NDArray[np.int64], documents: int) -> np.float32:
    """Return the score of the last of so many documents; of the worst where there are fewer."""
    order = np.argsort(-near, kind="stable")
    last = int(np.searchsorted(np.cumsum(counts[order]), documents))
    return np.float32(near[order[min(last, len(order) - 1)]])


def _ball_tree(values: NDArray[np.float64]) -> Any:
    """Return scikit-learn's tree over latitude and longitude in radians (Sample4Geo gives it degrees)."""
    from sklearn.neighbors import BallTree

    return BallTree(values, metric="haversine")
