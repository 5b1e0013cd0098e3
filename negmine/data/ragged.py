"""Matrices of one width and different heights: the token vectors of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ragged:
    """Matrices end to end: matrix i is values[offsets[i]:offsets[i + 1]].

    offsets: int64 [matrices + 1]. values: [rows of all matrices, width], may be memory-mapped.
    """

    offsets: NDArray[np.int64]
    values: NDArray[Any]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def shape(self) -> tuple[int, int]:
        """How many matrices there are, and their width."""
        return len(self), int(self.values.shape[1])

    def __getitem__(self, places: NDArray[np.integer] | slice) -> NDArray[np.object_]:
        """Return the matrices in these places as an array of views: picked and joined as rows are."""
        starts, stops = self.offsets[:-1][places].tolist(), self.offsets[1:][places].tolist()
        return matrices([self.values[a:b] for a, b in zip(starts, stops, strict=True)])


Matrices = Ragged | NDArray[np.object_]


def matrices(several: Sequence[NDArray[Any]]) -> NDArray[np.object_]:
    """Return a list of matrices as an array of objects, one for each, whatever their shapes."""
    result = np.empty(len(several), object)
    for place, one in enumerate(several):
        result[place] = one
    return result


def heights(several: Matrices) -> NDArray[np.int64]:
    """Return the number of rows of each matrix, int64."""
    if isinstance(several, Ragged):
        return np.diff(several.offsets)
    return np.array([len(one) for one in several], np.int64)


def joined(several: NDArray[np.object_], dtype: Any = None) -> Ragged:
    """Return matrices end to end, of this dtype; a width of 0 for none."""
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(heights(several))])
    if not len(several):
        return Ragged(offsets, np.empty((0, 0), dtype or np.float32))
    values = np.empty((int(offsets[-1]), several[0].shape[1]), dtype or several[0].dtype)
    return Ragged(offsets, np.concatenate(list(several), out=values, casting="same_kind"))


def width_of(rows: NDArray[Any]) -> int:
    """Return the width of rows, or of the matrices in an array of objects, of which there is one at least."""
    return int(rows[0].shape[1] if rows.dtype == object else rows.shape[1])


def bytes_of(rows: NDArray[Any]) -> int:
    """Return the bytes of rows, or of the matrices in an array of objects."""
    return sum(one.nbytes for one in rows) if rows.dtype == object else rows.nbytes
