"""Values at given places of a sorted column that is too long for memory: exact, in two passes.

A radix selection: float32 values are counted by the upper 16 of their 32 bits, then those that share the upper
bits of a wanted value by the lower 16. Memory is that of 65,536 counts for each place, whatever there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
Keys = NDArray[np.uint32]
HALF, SIGN = 16, np.uint32(1 << 31)
COUNTS = 1 << HALF


def at_shares(
    passes: Callable[[], Iterable[Values]], shares: Sequence[tuple[int, int]]
) -> list[float] | None:
    """Return the value at place count * a // b of the sorted values for each share (a, b); None without any.

    passes(): yields the values, float32 without NaN, in pieces; it is called twice, and yields the same.
    """
    upper = np.zeros(COUNTS, np.int64)
    for values in passes():
        upper += _counted(keys(values) >> np.uint32(HALF))
    total = int(upper.sum())
    if total == 0:
        return None
    ends = np.cumsum(upper)
    places = [total * a // b for a, b in shares]
    firsts = [int(np.searchsorted(ends, place, side="right")) for place in places]
    lower = {first: np.zeros(COUNTS, np.int64) for first in firsts}
    for values in passes():
        every = keys(values)
        for first, counts in lower.items():
            own = every[every >> np.uint32(HALF) == first]
            counts += _counted(own & np.uint32(COUNTS - 1))
    values_at = []
    for place, first in zip(places, firsts, strict=True):
        before = int(ends[first] - upper[first])
        second = int(np.searchsorted(np.cumsum(lower[first]), place - before, side="right"))
        values_at.append(_value((first << HALF) | second))
    return values_at


def keys(values: Values) -> Keys:
    """Return whole numbers in the order of the values: the bits of a float, the negative ones turned over."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    ordered: Keys = np.where(bits & SIGN, ~bits, bits | SIGN)
    return ordered


def _value(key: int) -> float:
    bits = np.uint32(key)
    bits = bits & ~SIGN if bits & SIGN else ~bits
    return float(np.array(bits, np.uint32).view(np.float32))


def _counted(halves: Keys) -> NDArray[np.int64]:
    return np.bincount(halves, minlength=COUNTS)
