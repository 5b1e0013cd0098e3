"""The length of vectors: 1 where the score is a cosine, their own where it is an inner product.

`Norms` applies --similarity to vectors of a model or of a file, and records the lengths that they came with.
`UnitRows` reads vectors with lengths of their own as unit vectors, for what compares them by cosine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.errors import InputError

Similarity = Literal["cosine", "dot"]
TOLERANCE = 1e-5  # by which a length may differ from 1, and the row still stays as it is
LEAST, MOST = 1e-15, 1e15  # lengths whose inner products float32 holds with all its digits

Complain = Callable[[int], str]


class Norms:
    """Makes vectors what --similarity compares, and records the range of their lengths before.

    similarity: `cosine` makes every length 1; `dot` leaves vectors as they are.
    """

    def __init__(self, similarity: Similarity) -> None:
        self._similarity = similarity
        self._least, self._most = np.inf, -np.inf

    def __call__(self, vectors: NDArray[Any], complain: Complain) -> Floats:
        """Return the rows, float32 [rows, dimensions].

        Raises InputError as `lengths` does; for `dot` also where a length is below LEAST or above MOST, since
        products of two such vectors may be infinite or 0 in float32.
        """
        with np.errstate(
            over="ignore"
        ):  # what float32 cannot hold becomes infinite, and is refused
            single = np.asarray(vectors, np.float32)
        norms = lengths(single, complain)
        if self._similarity == "dot":
            _check_products(norms, complain)
        if len(norms):
            self._least = min(self._least, float(norms.min()))
            self._most = max(self._most, float(norms.max()))
        return unit(single, norms) if self._similarity == "cosine" else single

    @property
    def range(self) -> list[float] | None:
        """The least and the largest length, rounded to 6 digits; None where no vector came by."""
        if self._most < self._least:
            return None
        return [float(f"{self._least:.6g}"), float(f"{self._most:.6g}")]


def lengths(single: Floats, complain: Complain) -> NDArray[np.float64]:
    """Return the Euclidean length of every row, float64 [rows].

    Raises InputError, in the words of `complain(row)`, for a row that is zero or not finite.
    """
    norms: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", single, single, dtype=np.float64))
    bad = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
    if len(bad):
        raise InputError(
            f"{complain(int(bad[0]))} ({len(bad):,} such rows): it is zero or not finite."
        )
    return norms


def _check_products(norms: NDArray[np.float64], complain: Complain) -> None:
    bad = np.flatnonzero((norms < LEAST) | (norms > MOST))
    if len(bad):
        raise InputError(
            f"{complain(int(bad[0]))} ({len(bad):,} such rows): its length is {norms[bad[0]]:.3g}, and "
            f"--similarity dot takes {LEAST:g} to {MOST:g}. Scale the vectors, or compare them by cosine."
        )


def unit(single: Floats, norms: NDArray[np.float64], tolerance: float = TOLERANCE) -> Floats:
    """Return rows of length 1, float32; rows within `tolerance` of it stay as they are, bit for bit.

    norms: the length of every row, above 0.
    """
    off = np.abs(norms - 1) > tolerance
    result = single.copy() if off.any() else single
    result[off] = (single[off] / norms[off, None]).astype(np.float32)
    return result


def normalised(vectors: NDArray[Any], complain: Complain) -> Floats:
    """Return rows of length 1, float32 (see `unit`); raise InputError as `lengths` does."""
    return Norms("cosine")(vectors, complain)


class UnitRows:
    """Vectors of any length, read as unit vectors: `rows[places]` is float32 [places, dimensions].

    vectors: float32 or float16 [rows, dimensions], may be memory-mapped; none is zero.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, vectors: NDArray[Any]) -> None:
        self._vectors, self.shape = vectors, vectors.shape

    def __len__(self) -> int:
        return len(self._vectors)

    def __getitem__(self, places: Any) -> Floats:
        single = np.asarray(self._vectors[places], np.float32)
        rows = single.reshape(-1, self.shape[1])
        norms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
        return unit(rows, norms).reshape(single.shape)
