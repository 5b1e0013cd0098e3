"""Whose turn it is, and which rows a row draws in."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.batch.fill import Filler
from negmine.stages.batch.owners import owner_lists
from negmine.stages.batch.settings import BatchSettings
from negmine.stages.batch.turns import TURNS, RowsOfQueries
from tests.stages.batch.test_clusters import points_of
from tests.stages.batch.test_fill import rows_of


def rows_of_queries(query, kind=None):
    query = np.array(query, np.int32)
    count = int(query.max()) + 1
    kinds = np.arange(count) if kind is None else np.array(kind)
    return RowsOfQueries(query, count, kinds)


def test_rows_are_looked_up_by_their_query():
    rows = rows_of_queries([2, 0, 2, 1])
    assert rows.of(np.array([2, 0])).tolist() == [0, 2, 1]
    assert rows.of(np.array([], np.int64)).tolist() == []


def test_a_turn_draws_in_the_rows_of_other_queries():
    rows = rows_of_queries([0, 1, 1, 2])
    turn = rows.turn(
        np.array([2, 0]), np.array([0, 3]), np.array([1, 0, 2]), np.array([0, 1, 3]), 9
    )
    lists = np.split(turn.lists, turn.offsets[1:-1])
    assert [one.tolist() for one in lists] == [[0, 3], [1, 2]]


def test_rows_of_one_kind_are_evenly_spread():
    rows = rows_of_queries(range(40), kind=[0] * 10 + [1] * 30)
    places = np.flatnonzero(rows.order(np.arange(40), 13) < 10)
    assert set(np.diff(places)) == {4}


@pytest.mark.parametrize("by", sorted(TURNS))
@given(st.integers(1, 120), st.integers(0, 3))
def test_every_row_has_its_turn_once(by, count, seed):
    query = np.random.default_rng(seed).integers(0, count, 2 * count)
    query[:count] = np.arange(count)
    points = points_of(np.random.default_rng(seed).standard_normal((count, 4)))
    settings = BatchSettings(
        by=by, batch_size=4, cluster_size=10 if by == "cluster" else None, seed=seed
    )
    groups = list(TURNS[by](points, np.arange(count), rows_of_queries(query), settings))
    assert sorted(row for _, turn in groups for row in turn.rows) == list(range(2 * count))
    assert sorted(number for group, _ in groups for number in group) == list(range(count))


def test_a_batch_of_neighbours_on_a_line_is_near_to_the_row_that_began_it():
    angles = np.arange(16) / 16
    points = points_of(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    rows = rows_of_queries(range(16))
    filler = Filler(rows_of([(n, [n]) for n in range(16)], {n: [n] for n in range(16)}), 4)
    settings = BatchSettings(by="neighbour", batch_size=4)
    for _, turn in TURNS["neighbour"](points, np.arange(16), rows, settings):
        filler.take(turn)
    assert filler.batches == 4
    first = np.flatnonzero(filler.batch == 0)
    seed = first[np.argmin(filler.place[first])]
    assert np.abs(first - seed).max() <= 6  # the range that it draws from


def test_owners_are_drawn_in_whose_query_is_least_alike():
    scores = [0.9, 0.85, 0.8, 0.7, 0.6]
    hits = pl.DataFrame(
        {"query_id": ["0"] * 5, "doc_id": [f"d{n}" for n in range(1, 6)], "score": scores}
    )
    owners = pl.DataFrame(
        {"doc_id": [f"d{n}" for n in range(6)], "owner": [str(n) for n in range(6)]}
    )
    alike = {"1": 0.95, "2": 0.3, "3": 0.5, "4": 0.2, "5": 0.1}
    lists = owner_lists(
        hits, owners, lambda _, names: np.array([alike[name] for name in names]), pool=5, first=4
    )
    assert lists["owner"].to_list() == ["4", "2", "3", "1"]  # methods.md: two of them are [4, 2]


def test_of_several_owners_the_most_similar_counts_and_a_document_without_one_takes_no_place():
    hits = pl.DataFrame(
        {"query_id": ["q"] * 3, "doc_id": ["a", "b", "c"], "score": [0.9, 0.8, 0.7]}
    )
    owners = pl.DataFrame({"doc_id": ["b", "b", "c"], "owner": ["x", "y", "q"]})
    alike = {"x": 0.1, "y": 0.9}
    lists = owner_lists(
        hits, owners, lambda _, names: np.array([alike[name] for name in names]), pool=1, first=4
    )
    assert lists.rows() == [("q", "y")]
