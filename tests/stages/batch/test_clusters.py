"""Clusters have each point once, near points together, and are the same on every machine."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.batch.clusters import clusters, halves
from negmine.stages.batch.count import coherence
from negmine.stages.batch.points import EXACT, Points, shuffled
from tests.properties import share


def points_of(vectors):
    vectors = np.asarray(vectors, np.float32)
    return Points(lambda numbers: vectors[numbers], *vectors.shape)


def planted(topics, each, dims=32, noise=0.3, seed=1):
    """Return points of `topics` directions, mixed, and the topic of each."""
    chance = np.random.default_rng(seed)
    topic = chance.permutation(np.repeat(np.arange(topics), each))
    vectors = chance.standard_normal((topics, dims))[topic]
    return points_of(vectors + noise * chance.standard_normal((len(topic), dims))), topic


@pytest.mark.parametrize("cut", [clusters, halves])
@share(0.3)
@given(st.integers(0, 300), st.integers(1, 40), st.integers(0, 5))
def test_every_point_is_in_one_group(cut, count, size, seed):
    points = points_of(np.random.default_rng(seed).standard_normal((max(count, 1), 8)))
    groups = list(cut(points, np.arange(count), size, seed))
    assert np.array_equal(np.sort(np.concatenate([*groups, []])), np.arange(count))
    again = list(cut(points, np.arange(count), size, seed))
    assert all(np.array_equal(one, other) for one, other in zip(groups, again, strict=True))


@pytest.mark.parametrize(
    ("count", "size", "sizes"),
    [(10, 3, [2, 2, 3, 3]), (37, 5, [4] * 3 + [5] * 5), (100, 17, [12] * 4 + [13] * 4)],
)
def test_halves_differ_by_one_at_most_and_their_number_is_a_power_of_two(count, size, sizes):
    points = points_of(np.random.default_rng(3).standard_normal((count, 8)))
    assert sorted(map(len, halves(points, np.arange(count), size, 13))) == sizes


def test_clusters_have_the_topics_that_were_planted():
    points, topic = planted(topics=12, each=40)
    groups = list(clusters(points, np.arange(480), 40, 13))
    purity = [np.bincount(topic[group]).max() / len(group) for group in groups if len(group) > 4]
    assert np.average(purity, weights=[len(g) for g in groups if len(g) > 4]) > 0.8


def test_planted_groups_of_eight_have_a_nearest_neighbour_in_their_half():
    points, _ = planted(topics=8, each=8)
    near = coherence(points, list(halves(points, np.arange(64), 8, 13)))
    mixed = coherence(points, np.array_split(shuffled(np.arange(64), 13), 8))
    assert near["nearest"] > 0.8 > mixed["nearest"]
    assert near["mean"] > 2 * mixed["mean"]


def test_points_that_are_all_the_same_are_cut_by_number():
    points = points_of(np.ones((100, 4)))
    assert max(map(len, clusters(points, np.arange(100), 10, 13))) <= 15


@pytest.mark.parametrize("dims", [2, 256, 1024, 4096])
def test_products_of_whole_vectors_are_exact_in_any_order(dims):
    chance = np.random.default_rng(dims)
    points = points_of(chance.standard_normal((200, dims)))
    rows = points.whole(np.arange(200))
    centres = points.centroid(rows.reshape(20, 10, dims).astype(np.float64).sum(axis=1))
    assert (np.abs(rows).max(), np.abs(rows - np.rint(rows)).max()) <= (127, 0)
    exact = rows.astype(np.int64) @ centres.astype(np.int64).T
    assert np.abs(rows).astype(np.float64).dot(np.abs(centres).astype(np.float64).T).max() < EXACT
    order = chance.permutation(dims)
    assert np.array_equal(rows @ centres.T, exact)
    assert np.array_equal(rows[:, order] @ centres[:, order].T, exact)


def test_the_order_of_two_numbers_depends_on_them_alone():
    few, many = shuffled(np.array([3, 9, 27]), 13), shuffled(np.arange(100), 13)
    assert few.tolist() == [n for n in many if n in (3, 9, 27)]
    assert shuffled(np.arange(100), 14).tolist() != many.tolist()
