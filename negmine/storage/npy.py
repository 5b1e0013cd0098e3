"""Arrays in .npy files that others wrote: nothing is believed before it fits the file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, Any

import numpy as np

READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
NUMBERS = "iuf"  # kinds of dtypes: integers with and without sign, floats


def map_npy(path: Path) -> np.memmap[Any, Any]:
    """Return the numbers of a .npy file, mapped for reading (format: NEP 1 of NumPy).

    Raises ValueError for anything else (.npz, objects, structures), and for a file that has not the size of
    its shape; OSError where it cannot be read.
    """
    with path.open("rb") as stream:
        shape, by_column, dtype = _header(stream)
        start, size = stream.tell(), stream.seek(0, 2)
    if dtype.kind not in NUMBERS or any(length < 0 for length in shape):
        raise ValueError(f"it holds {dtype} of shape {shape}")
    wanted = math.prod(shape) * dtype.itemsize
    if size - start != wanted:
        what = "ends too early: it holds less" if size - start < wanted else "holds more"
        raise ValueError(f"it {what} than its shape {shape} says")
    return np.memmap(path, dtype, "r", start, shape, "F" if by_column else "C")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether columns stand together, and the dtype; the stream stands at the first number."""
    try:
        shape, by_column, dtype = READERS[np.lib.format.read_magic(stream)](stream)
        return tuple(map(int, shape)), by_column, dtype
    except OSError:
        raise
    except (
        Exception
    ) as error:  # NumPy evaluates the header as Python: a damaged one may raise anything
        raise ValueError(f"it is no .npy array of numbers ({error})") from error
