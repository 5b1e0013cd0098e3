"""Nearest pairs: a worked example by hand, the toy set of methods.md section 15, and a loop over pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.data.pair_neighbours import References, margins, pair_vectors


def unit(rows):
    rows = np.atleast_2d(np.asarray(rows, float))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_pair_vector_is_product_and_distance_each_of_length_one():
    found = pair_vectors(unit([3.0, 4.0]), unit([4.0, 3.0]))
    expected = [[0.5, 0.5, 0.5, 0.5]]  # products .48 .48, distances .2 .2, over sqrt 2
    assert found == pytest.approx(np.array(expected))
    same = pair_vectors(unit([1.0, 0.0]), unit([1.0, 0.0]))  # no distance at all
    assert same == pytest.approx(np.array([[np.sqrt(0.5), 0, 0, 0]]))


def test_the_margin_is_the_mean_of_the_nearest_positives_less_that_of_the_nearest_negatives():
    vectors = np.eye(4)
    references = References(
        np.array([vectors[0], 0.6 * vectors[0] + 0.8 * vectors[1], 0.5 * vectors[0], vectors[3]]),
        np.array([1, 2, 3, 4]),
        np.array([True, True, False, False]),
    )
    pair = vectors[:1]
    assert margins(pair, np.array([9]), references, 1) == pytest.approx([0.5])  # 1 - 0.5
    assert margins(pair, np.array([9]), references, 2) == pytest.approx([0.8 - 0.25])


def test_the_query_of_a_pair_does_not_answer_for_it_and_too_few_pairs_say_nothing():
    references = References(np.eye(3), np.array([1, 2, 3]), np.array([True, True, False]))
    assert margins(np.eye(3)[:1], np.array([1]), references, 1) == pytest.approx([0.0])
    assert np.isnan(margins(np.eye(3)[:1], np.array([1]), references, 2)).all()
    assert np.isnan(margins(np.eye(3)[:1], np.array([3]), references, 1)).all()


def test_positives_planted_into_negatives_of_a_separable_set_are_detected():
    """methods.md section 15: 5 % of positives are called negatives; recall and precision of the detector."""
    rng = np.random.default_rng(7)
    owner, is_relevant = np.repeat(np.arange(400), 2), np.tile([True, False], 400)
    centres = np.where(is_relevant[:, None], unit([1.0, 0, 0]), unit([0, 1.0, 0]))
    vectors = unit(centres + 0.2 * rng.standard_normal((800, 3)))
    planted = is_relevant & (rng.random(800) < 0.05)
    labelled = is_relevant & ~planted
    found = margins(vectors, owner, References(vectors, owner, labelled), 10)
    suspected = ~labelled & (found > 0)
    assert planted.sum() > 10
    assert (suspected & planted).sum() / planted.sum() > 0.9
    assert (suspected & planted).sum() / suspected.sum() > 0.9
    wrong = ~is_relevant & (
        rng.random(800) < 0.05
    )  # and the other way round: noise in the positives
    found = margins(vectors, owner, References(vectors, owner, is_relevant | wrong), 10)
    suspected = (is_relevant | wrong) & (found < 0)
    assert (suspected & wrong).sum() / wrong.sum() > 0.9
    assert (suspected & wrong).sum() / suspected.sum() > 0.9


@given(st.integers(0, 1000), st.integers(1, 4), st.integers(1, 14))
def test_margins_are_those_of_a_loop(seed, count, size):
    rng = np.random.default_rng(seed)
    vectors, owner = unit(rng.standard_normal((size, 3))), rng.integers(0, 4, size)
    positive = rng.random(size) < 0.5
    wanted = []
    for row, query in zip(vectors, owner, strict=True):
        means = []
        for kind in (True, False):
            near = [
                row @ vectors[i] for i in range(size) if positive[i] == kind and owner[i] != query
            ]
            means.append(np.mean(sorted(near)[-count:]) if len(near) >= count else np.nan)
        wanted.append(means[0] - means[1])
    found = margins(vectors, owner, References(vectors, owner, positive), count)
    assert found == pytest.approx(np.array(wanted), abs=1e-6, nan_ok=True)
