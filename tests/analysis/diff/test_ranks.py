"""Kendall's tau-b of many queries at once, held to scipy and to counting by hand."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from negmine.analysis.diff.ranks import discordant, taus

NUMBERS = st.one_of(st.none(), st.integers(-3, 3), st.floats(-1, 1, width=32))


def frame(groups):
    rows = [(f"q{n}", x, y) for n, group in enumerate(groups) for x, y in group]
    schema = {"query_id": pl.String, "x": pl.Float32, "y": pl.Float32}
    return pl.DataFrame(rows, schema=schema, orient="row")


@given(st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12), max_size=5))
def test_tau_is_scipys(groups):
    found = dict(taus(frame(groups)).iter_rows())
    for number, group in enumerate(groups):
        known = [(x, y) for x, y in group if x is not None and y is not None]
        if not known:
            assert f"q{number}" not in found
            continue
        x, y = np.array(known, np.float32).T
        expected = kendalltau(x, y).statistic if len(known) > 1 else math.nan
        if math.isnan(expected):
            assert found[f"q{number}"] is None
        else:
            assert found[f"q{number}"] == pytest.approx(expected, abs=1e-12)


def test_one_swap_of_four():
    """Of six pairs one is in another order: (5 - 1) / 6."""
    found = taus(frame([[(4, 4), (3, 2), (2, 3), (1, 1)]]))
    assert found["tau"].to_list() == pytest.approx([4 / 6])


def test_ties_by_hand():
    """x ties one pair of three: C - D = 2, so 2 / sqrt((3 - 1) * 3)."""
    found = taus(frame([[(1, 1), (1, 2), (2, 3)]]))
    assert found["tau"].to_list() == pytest.approx([2 / math.sqrt(6)])


@given(st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=20), min_size=1, max_size=6))
def test_pairs_in_opposite_order_are_counted(groups):
    group = np.repeat(np.arange(len(groups)), [len(rows) for rows in groups])
    found = discordant(group, np.concatenate([np.array(rows) for rows in groups]))
    by_hand = [sum(a > b for i, a in enumerate(rows) for b in rows[i + 1 :]) for rows in groups]
    assert found.tolist() == by_hand
