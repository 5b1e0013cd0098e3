"""Intervals: the Poisson bootstrap and the exact binomial limit."""

import numpy as np
import polars as pl
import pytest

from negmine.stages.filter.leak.intervals import (
    Sums,
    exact,
    least_limit,
    negatives_needed,
    ratio,
    share,
)

ONE, TWO = np.array([0]), np.array([1])


def ids(count):
    return pl.Series("query_id", [f"q{n}" for n in range(count)])


def test_it_does_not_matter_how_queries_are_cut_into_parts_or_ordered():
    rng = np.random.default_rng(0)
    counts = np.stack([rng.poisson(1, 900), np.full(900, 10)], axis=1)
    whole, cut = Sums(13, 2), Sums(13, 2)
    whole.add(ids(900), counts)
    for places in np.array_split(rng.permutation(900), 7):
        cut.add(ids(900).gather(places), counts[places])
    assert np.array_equal(whole.total, cut.total)
    assert np.array_equal(whole.replicates, cut.replicates)


def test_weights_are_poisson():
    sums = Sums(13, 4000)
    sums.add(ids(4000), np.eye(4000))
    weights = sums.replicates
    assert weights.mean() == pytest.approx(1.0, abs=0.01)
    assert weights.var() == pytest.approx(1.0, abs=0.02)
    assert abs(np.corrcoef(weights[:, 0], weights[:, 1])[0, 1]) < 0.15
    assert abs(np.corrcoef(weights[0], weights[1])[0, 1]) < 0.1


def test_the_interval_is_that_of_the_mean():
    rng = np.random.default_rng(1)
    leaked = rng.binomial(10, 0.1, 2000)
    sums = Sums(13, 2)
    sums.add(ids(2000), np.stack([leaked, np.full(2000, 10)], axis=1))
    point, low, high = ratio(sums, ONE, TWO)
    half = 1.96 * (leaked / 10).std() / np.sqrt(2000)
    assert point[0] == pytest.approx(leaked.mean() / 10)
    assert (high - low)[0] / 2 == pytest.approx(half, rel=0.1)


def test_nothing_sold_is_not_nothing_possible():
    low, high = exact(np.array([0.0, 5.0, 50.0]), np.array([100.0, 5.0, 500.0]))
    assert low == pytest.approx([0.0, 0.47818, 0.07517], abs=1e-4)
    assert high == pytest.approx([0.03622, 1.0, 0.12970], abs=1e-4)
    sums = Sums(13, 2)
    sums.add(ids(50), np.stack([np.zeros(50), np.full(50, 2)], axis=1))
    assert [float(x[0]) for x in share(sums, ONE, TWO)] == pytest.approx([0, 0, 0.03622], abs=1e-4)


def test_nothing_over_nothing_is_unknown():
    sums = Sums(1, 2)
    sums.add(ids(5), np.zeros((5, 2)))
    assert np.isnan(ratio(sums, ONE, TWO)[0][0])


def test_a_budget_needs_so_many_negatives():
    """Clopper and Pearson's upper end for 0 of n is 1 - 0.025 ** (1 / n)."""
    assert negatives_needed(0.01) == 368
    assert (
        exact(np.zeros(1), np.array([368.0]))[1][0]
        <= 0.01
        < exact(np.zeros(1), np.array([367.0]))[1][0]
    )
    assert least_limit(368) == pytest.approx(exact(np.zeros(1), np.array([368.0]))[1][0])
    assert least_limit(0) == 1.0
