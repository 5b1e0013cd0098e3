"""The kernel of a sweep: walks the rows of each query once for every cell of the grid."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from negmine.data.jit import compiled


@cache
def kernel() -> Callable[..., None]:
    """Return the compiled function `select`, which adds up what every cell selects.

    It reads offsets int64 [queries + 1]; kept bool [rows], by the rules outside the grid; removed bool
    [rows, values], by each value of the grid; columns int64 [cells, settings], the values of a cell;
    hidden bool [rows]; values float64 [rows, 4], what is summed of selected rows; draws uint64
    [queries, pool]; wanted, the number of negatives of a query. It adds to leaked and got int16
    [queries, cells], the selected rows that are hidden positives and all of them, and to sums float64
    [cells, 4].
    """
    from numba.extending import register_jitable

    register_jitable(_first_survivors)  # so that compiled code can call them
    register_jitable(_drawn)
    return compiled(_select)


def _select(offsets, kept, removed, columns, hidden, values, draws, wanted, leaked, got, sums):  # type: ignore[no-untyped-def]
    survivors = np.empty(draws.shape[1], np.int64)
    for query in range(len(offsets) - 1):
        for cell in range(len(columns)):
            count = _first_survivors(  # type: ignore[no-untyped-call]
                offsets[query], offsets[query + 1], kept, removed, columns[cell], survivors
            )
            for place in range(count):
                if _drawn(draws[query], place, count, wanted):  # type: ignore[no-untyped-call]
                    row = survivors[place]
                    leaked[query, cell] += hidden[row]
                    got[query, cell] += 1
                    sums[cell] += values[row]


def _first_survivors(first, end, kept, removed, columns, survivors):  # type: ignore[no-untyped-def]
    """Fill `survivors` with the first rows that no value of the cell removes; return how many."""
    count = 0
    for row in range(first, end):
        passes = kept[row]
        for column in columns:
            passes = passes and not removed[row, column]
        if passes:
            survivors[count] = row
            count += 1
            if count == len(survivors):
                break
    return count


def _drawn(draws, place, count, wanted):  # type: ignore[no-untyped-def]
    """Tell whether a survivor's draw is among the `wanted` smallest of `count`; all are if there are fewer."""
    if count <= wanted:
        return True
    smaller = 0
    for other in range(count):
        smaller += draws[other] < draws[place]
    return smaller < wanted
