"""Differences, paired over queries and seeds."""

import numpy as np
import pytest

from negmine.analysis.prove.compare import difference, queries_needed

DRAWS = np.random.default_rng(5)
ALONE = np.arange(400)


def test_equal_values_do_not_differ():
    values = DRAWS.random((3, 400))
    seen = difference(values, values, ALONE)
    assert (seen.mean, seen.low, seen.high, seen.error, seen.better, seen.worse) == (0,) * 6
    assert not seen.is_clear
    assert queries_needed(seen, 400) is None


def test_with_one_seed_the_standard_error_is_that_of_a_mean():
    gain = DRAWS.normal(0.02, 0.1, (1, 400))
    seen = difference(gain, np.zeros((1, 400)), ALONE)
    assert seen.mean == pytest.approx(gain.mean())
    assert seen.error == pytest.approx(gain.std() / 20, rel=0.1)
    assert seen.low == pytest.approx(gain.mean() - 1.96 * gain.std() / 20, abs=0.002)
    assert seen.visible == pytest.approx(2.8 * seen.error)


def test_queries_of_one_group_are_one_witness():
    group = DRAWS.normal(0, 0.1, (1, 40))
    gain = np.repeat(group, 10, axis=1)
    alone = difference(gain, np.zeros_like(gain), ALONE)
    together = difference(gain, np.zeros_like(gain), np.repeat(np.arange(40), 10))
    assert together.error == pytest.approx(group.std() / np.sqrt(40), rel=0.15)
    assert together.error > 2 * alone.error


def test_what_seeds_disagree_about_widens_the_interval():
    queries = DRAWS.normal(0, 0.01, (1, 400))
    steady = np.repeat(queries + 0.02, 3, axis=0)
    shaken = steady + np.array([[-0.05], [0.0], [0.05]])
    zero = np.zeros_like(steady)
    assert difference(steady, zero, ALONE).is_clear
    assert not difference(shaken, zero, ALONE).is_clear


def test_how_many_queries_a_lead_needs():
    gain = DRAWS.normal(0.005, 0.1, (1, 400))
    seen = difference(gain, np.zeros((1, 400)), ALONE)
    assert queries_needed(seen, 400) == np.ceil(400 * (seen.visible / abs(seen.mean)) ** 2)
