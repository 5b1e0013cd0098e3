"""Vectors in the precision in which they are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.errors import InputError


def narrowed(vectors: Floats, dtype: str, complain: Callable[[int], str]) -> NDArray[Any]:
    """Return vectors as float16, or as they are for another `dtype`, the same shape.

    Raises InputError, in the words of `complain(row)`, for a row whose numbers float16 cannot hold: above
    65,504, or all so small that they become zero. A unit vector has none.
    """
    if dtype != "float16":
        return vectors
    with np.errstate(over="ignore"):
        narrow = vectors.astype(dtype)
    bad = np.flatnonzero(~np.isfinite(narrow).all(axis=1) | ~narrow.any(axis=1))
    if len(bad):
        raise InputError(
            f"{complain(int(bad[0]))} ({len(bad):,} such rows): float16 cannot hold its numbers. "
            "Say --vector-dtype float32."
        )
    return narrow
