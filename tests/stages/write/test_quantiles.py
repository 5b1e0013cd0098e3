"""Values at places of a sorted column: those of a sort, in whatever pieces the column comes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.write.quantiles import at_shares, keys

THIRDS = ((1, 3), (2, 3))
FLOATS = st.floats(width=32, allow_nan=False)


@given(st.lists(FLOATS, min_size=1, max_size=80), st.integers(1, 9))
def test_the_values_are_those_of_a_sort(values, size):
    column = np.array(values, np.float32)
    pieces = [column[start : start + size] for start in range(0, len(column), size)]
    in_order = np.sort(column)
    expected = [in_order[len(column) * a // b] for a, b in THIRDS]
    assert at_shares(lambda: iter(pieces), THIRDS) == expected


@given(st.lists(FLOATS, min_size=2, max_size=30))
def test_keys_are_in_the_order_of_the_values(values):
    column = np.sort(np.array(values, np.float32))
    assert (np.diff(keys(column).astype(np.int64)) >= 0).all() or 0.0 in column


def test_values_that_share_their_upper_bits_are_told_apart():
    column = (1 + np.arange(30, dtype=np.float32) * 2**-23).astype(np.float32)
    assert at_shares(lambda: [column[::-1]], THIRDS) == [column[10], column[20]]


def test_of_nothing_there_is_no_value():
    assert at_shares(lambda: iter(()), THIRDS) is None


def test_memory_is_that_of_a_piece():
    import tracemalloc

    def passes():
        return (np.full(1_000, number, np.float32) for number in range(2_000))

    tracemalloc.start()
    values = at_shares(passes, THIRDS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert values == pytest.approx([666, 1333])
    assert peak < 4_000_000  # all values are 8 MB, their sort as much again
