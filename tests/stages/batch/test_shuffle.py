"""Rows come in another order, whatever the sizes of parts, with few of them in memory."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.batch import shuffle


@given(
    st.lists(st.integers(0, 9), max_size=6), st.integers(1, 12), st.integers(0, 9), st.booleans()
)
def test_row_i_is_the_row_that_the_order_names(lengths, rows, seed, one_by_one):
    ends = np.cumsum([0, *lengths])
    parts = [pl.DataFrame({"n": np.arange(a, b), "lists": [[n] for n in range(a, b)]},
                          schema={"n": pl.Int64, "lists": pl.List(pl.Int64)})
             for a, b in pairwise(ends)]  # fmt: skip
    order = np.random.default_rng(seed).permutation(int(ends[-1]))
    with (
        TemporaryDirectory() as folder,
        patch.object(shuffle, "AT_ONCE", 0 if one_by_one else 1 << 20),
    ):
        where = shuffle.ends_of(len(order), rows)
        made = list(shuffle.in_order(parts, order, where, Path(folder) / "aside"))
    assert [part.height for part in made[:-1]] == [rows] * (len(made) - 1)
    assert [n for part in made for n in part["n"]] == order.tolist()
    assert [n for part in made for (n,) in part["lists"]] == order.tolist()


def test_parts_end_where_it_is_said_and_rows_behind_the_last_end_are_left_out(tmp_path):
    parts = [pl.DataFrame({"n": [0, 1, 2, 3]}), pl.DataFrame({"n": [4, 5, 6]})]
    order, ends = np.array([6, 0, 4, 2, 1, 3, 5]), np.array([2, 5])
    made = shuffle.in_order(parts, order, ends, tmp_path / "aside")
    assert [part["n"].to_list() for part in made] == [[6, 0], [4, 2, 1]]


def test_a_part_has_whole_batches():
    assert [shuffle.part_rows(size) for size in (64, 100, 5_000)] == [4_096, 4_000, 5_000]
