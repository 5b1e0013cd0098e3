"""Arrays of an index on disk: opened only where they are what they must be.

Kernels check no bounds: a damaged or hostile array would end the process, or read other memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from negmine.errors import CorruptArtifact
from negmine.storage.npy import map_npy

AT_ONCE = 1 << 20  # numbers that are looked at together


def open_array(
    path: Path,
    dtypes: DTypeLike | tuple[DTypeLike, ...],
    shape: tuple[int | None, ...],
    mapped: bool = True,
) -> NDArray[Any]:
    """Return a .npy file as a plain array, memory-mapped where `mapped`.

    dtypes: those that it may have. shape: the length of each dimension, None for any. Raises CorruptArtifact
    for anything else, OSError where it cannot be read.
    """
    try:
        array = map_npy(path)
    except ValueError as error:
        raise damaged(path, str(error)) from error
    allowed = [np.dtype(one) for one in (dtypes if isinstance(dtypes, tuple) else (dtypes,))]
    fits = len(array.shape) == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype not in allowed or not array.flags.c_contiguous:
        raise damaged(path, f"it holds {array.dtype} of shape {array.shape}")
    # A plain array over the mapping: numba checks the type of a subclass at every call.
    return np.asarray(array) if mapped else np.array(array)


def check_offsets(path: Path, offsets: NDArray[np.int64], end: int) -> None:
    """Raise CorruptArtifact unless offsets begin at 0, never fall, and end at `end`."""
    if (
        not len(offsets)
        or offsets[0] != 0
        or offsets[-1] != end
        or (offsets[1:] < offsets[:-1]).any()
    ):
        raise damaged(path, f"its offsets do not divide {end:,} values")


def check_below(path: Path, numbers: NDArray[np.integer], limit: int) -> None:
    """Raise CorruptArtifact unless all numbers are from 0 up to, not including, `limit`."""
    for start in range(0, len(numbers), AT_ONCE):
        block = numbers[start : start + AT_ONCE]
        if block.min() < 0 or block.max() >= limit:
            raise damaged(path, f"it names something outside of 0 to {limit - 1:,}")


def check_ascending(path: Path, numbers: NDArray[np.integer], limit: int) -> None:
    """Raise CorruptArtifact unless numbers rise, from 0 up to, not including, `limit`."""
    check_below(path, numbers, limit)
    if (numbers[1:] <= numbers[:-1]).any():
        raise damaged(path, "its numbers do not rise")


def damaged(path: Path, what: str) -> CorruptArtifact:
    """Return the error for a damaged file WORK/STAGE/ARTIFACT/FILE, with the command that makes it again."""
    stage, work = path.parents[1].name, path.parents[2]
    return CorruptArtifact(
        f"{path} is damaged: {what}. Make it again: negmine {stage.partition('-')[2]} {work} --force"
    )
