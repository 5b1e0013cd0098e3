"""Shifts in bounded memory: exact mean, percentiles to three digits, mirrored."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.diff.shifts import PERCENTILES, Shift

SCORES = st.lists(st.tuples(*[st.floats(-100, 100, width=32)] * 2), min_size=1, max_size=40)


def series(values):
    return pl.Series(values, dtype=pl.Float32)


def shift(pairs, cut=0):
    found = Shift()
    for some in (pairs[:cut], pairs[cut:]):
        found.add(series([a for a, _ in some]), series([b for _, b in some]))
    return found


@given(SCORES, st.integers(0, 40))
def test_percentiles_are_numpys_but_for_rounding(pairs, cut):
    found = shift(pairs, cut).summary()
    a, b = np.array(pairs, np.float64).T
    assert found["rows"] == len(pairs)
    assert found["changed"] == int((a != b).sum())
    assert found["mean"] == pytest.approx((b - a).mean(), rel=1e-4, abs=1e-9)
    for name, share in PERCENTILES.items():
        low, high = (
            np.quantile(b - a, share, method=method) for method in ("inverted_cdf", "higher")
        )
        middle = np.quantile(b - a, share, method="averaged_inverted_cdf")
        near = 0.006 * max(abs(low), abs(high)) + 1e-12
        assert found[name] == pytest.approx(middle, abs=near)


@given(SCORES)
def test_a_minus_b_is_mirrored(pairs):
    there = shift(pairs).summary()
    back = shift([(b, a) for a, b in pairs]).summary()
    for one, other in (("p5", "p95"), ("p25", "p75"), ("median", "median")):
        assert there[one] == -back[other]
    assert there["mean"] == pytest.approx(-back["mean"], rel=1e-5, abs=1e-9)


def test_what_is_scored_once_is_counted():
    found = shift([(1.0, None), (None, 2.0), (None, 3.0), (None, None)])
    assert found.differs
    assert found.summary() == {
        "rows": 0, "changed": 0, "only_a": 1, "only_b": 2, "mean": None,
        **dict.fromkeys(PERCENTILES),
    }  # fmt: skip


def test_memory_does_not_grow_with_rows():
    rng = np.random.default_rng(13)
    found = Shift()
    sizes = []
    for _ in range(4):
        found.add(series(np.zeros(200_000)), series(rng.normal(size=200_000)))
        sizes.append(found.counts.height)
    assert found.rows == 800_000
    assert sizes[-1] < 12_000
    assert sizes[-1] < 1.5 * sizes[0]


def test_equal_scores_do_not_differ():
    assert not shift([(0.5, 0.5), (None, None)]).differs
