"""Fill batches with rows that do not contradict each other. Pure: numbers in, numbers out.

A row contradicts another where a document of the one may be relevant to the query of the other. A document is
the number of its group of copies; `bad` has the groups that may be relevant to each query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.jit import compiled, read_only

Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]
IN_TURN, DRAWN = 1, 2  # how a row came into its batch


@dataclass(frozen=True)
class Rows:
    """The rows of a training file, as numbers.

    query: int32 [rows]. Row r has documents docs[offsets[r]:offsets[r + 1]], its positive first. Query q must
    not meet bad[bad_offsets[q]:bad_offsets[q + 1]] in other rows. groups: how many groups there are.
    """

    query: Numbers
    offsets: Ints
    docs: Numbers
    bad_offsets: Ints
    bad: Numbers
    groups: int

    def __len__(self) -> int:
        return len(self.query)


@dataclass(frozen=True)
class Turn:
    """Rows whose turn it is, int64, in order. rows[i] draws in lists[offsets[i]:offsets[i + 1]], best first.

    most: how many of them come into its batch.
    """

    rows: Ints
    offsets: Ints | None = None
    lists: Ints | None = None
    most: int = 0


class Filler:
    """Fills one batch after the other. batch, place: int32 [rows], from 0; -1 of a row that has no batch.

    how: uint8 [rows], IN_TURN, DRAWN or 0. waited: uint8 [rows], 1 where the row contradicted a batch first.
    size: rows of a batch; without `is_exact`, at least so many, and as many as fit together.
    """

    def __init__(self, rows: Rows, size: int, is_exact: bool = True) -> None:
        self._rows, self._size, self._is_exact = rows, size, is_exact
        self.batch, self.place = (np.full(len(rows), -1, np.int32) for _ in range(2))
        self.how, self.waited = (np.zeros(len(rows), np.uint8) for _ in range(2))
        self._present, self._forbidden = (np.zeros(rows.groups, np.int32) for _ in range(2))
        self._state = np.zeros(3, np.int64)
        self._carried = np.empty(0, np.int64)

    @property
    def batches(self) -> int:
        """How many batches are full."""
        return int(self._state[0])

    @property
    def fullest(self) -> int:
        """How many rows a batch got at most."""
        return int(self._state[2])

    def take(self, turn: Turn) -> None:
        """Fill batches with these rows, those that earlier turns have left over first."""
        carried = len(self._carried)
        seeds = np.concatenate([self._carried, turn.rows])
        seeds = seeds[self.batch[seeds] < 0]  # an earlier row may have drawn it in
        offsets = np.zeros(len(seeds) + 1, np.int64)
        lists = np.empty(0, np.int64)
        if turn.offsets is not None and turn.lists is not None:
            starts = np.concatenate([np.zeros(carried, np.int64), turn.offsets[:-1]])
            ends = np.concatenate([np.zeros(carried, np.int64), turn.offsets[1:]])
            free = self.batch[np.concatenate([self._carried, turn.rows])] < 0
            starts, lengths = starts[free], (ends - starts)[free]
            offsets[1:] = np.cumsum(lengths)
            lists = turn.lists[np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])]
        rows = self._rows
        given = [read_only(one) for one in (seeds, offsets, lists)]
        known = (rows.query, rows.offsets, rows.docs, rows.bad_offsets, rows.bad)
        marks = (self._present, self._forbidden)
        made = (self.batch, self.place, self.how, self.waited)
        fixed = [read_only(one) for one in known]
        most = self._size if self._is_exact else max(self._size, len(seeds))
        _filling()(*given, turn.most, most, self._size, *fixed, *marks, *made, self._state)
        self._carried = seeds[self.batch[seeds] < 0]

    def close(self) -> None:
        """Leave what is left over without a batch: the rows that follow must not come together with it."""
        self._carried = np.empty(0, np.int64)


@cache
def _filling() -> Callable[..., Any]:
    from numba.extending import register_jitable

    for helper in (_fits, _put, _undo):
        register_jitable(helper)  # so that compiled code can call it
    return compiled(_fill)


def _fits(
    row: int, query: Any, offsets: Any, docs: Any, bad_offsets: Any, bad: Any,
    present: Any, forbidden: Any, stamp: int,
) -> bool:  # fmt: skip
    """Tell whether a row contradicts none of the batch. present, forbidden: marked with the batch's stamp."""
    for place in range(offsets[row], offsets[row + 1]):
        if forbidden[docs[place]] == stamp:
            return False
    for place in range(bad_offsets[query[row]], bad_offsets[query[row] + 1]):
        if present[bad[place]] == stamp:
            return False
    return True


def _put(
    row: int, query: Any, offsets: Any, docs: Any, bad_offsets: Any, bad: Any,
    present: Any, forbidden: Any, stamp: int,
) -> None:  # fmt: skip
    """Mark what a row brings into the batch."""
    for place in range(offsets[row], offsets[row + 1]):
        present[docs[place]] = stamp
    for place in range(bad_offsets[query[row]], bad_offsets[query[row] + 1]):
        forbidden[bad[place]] = stamp


def _undo(chosen: Any, batch: Any, place: Any, how: Any, waited: Any) -> None:
    """Take the rows of a batch that did not get full out of it again."""
    for row in chosen:
        batch[row] = place[row] = -1
        how[row] = waited[row] = 0


def _fill(
    seeds: Any, list_offsets: Any, lists: Any, most: int, size: int, least: int,
    query: Any, offsets: Any, docs: Any, bad_offsets: Any, bad: Any,
    present: Any, forbidden: Any, batch: Any, place: Any, how: Any, waited: Any, state: Any,
) -> None:  # fmt: skip
    """Fill batches of `size` rows while they get `least`. state: how many do, the last stamp, the most rows.

    Seeds that are waiting form a chain, so that one that has its place is never looked at again.
    """
    following = np.arange(1, len(seeds) + 1)
    chosen = np.empty(size, np.int64)
    first = 0
    while first < len(seeds):
        state[1] += 1
        stamp, count, before, at = state[1], 0, -1, first
        while at < len(seeds) and count < size:
            seed = seeds[at]
            drawn = list_offsets[at] - 1
            goes = batch[seed] >= 0
            if not goes:
                goes = _fits(
                    seed, query, offsets, docs, bad_offsets, bad, present, forbidden, stamp
                )
                last = min(size, count + 1 + most)
                row = seed
                while goes and count < last:
                    free = batch[row] < 0
                    if free and _fits(
                        row, query, offsets, docs, bad_offsets, bad, present, forbidden, stamp
                    ):
                        _put(row, query, offsets, docs, bad_offsets, bad, present, forbidden, stamp)
                        batch[row], place[row], chosen[count] = state[0], count, row
                        how[row] = IN_TURN if row == seed else DRAWN
                        count += 1
                    drawn += 1
                    if drawn >= list_offsets[at + 1]:
                        break
                    row = lists[drawn]
                waited[seed] = waited[seed] or not goes
            if not goes:
                before = at
            elif before < 0:
                first = following[at]
            else:
                following[before] = following[at]
            at = following[at]
        state[2] = max(state[2], count)
        if count < least:
            _undo(chosen[:count], batch, place, how, waited)
            return
        state[0] += 1
