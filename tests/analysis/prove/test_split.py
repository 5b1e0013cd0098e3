"""Groups of queries that share positives stay on one side of the split."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.prove.plan import drawn
from negmine.analysis.prove.split import grouped, held_out
from negmine.errors import InputError

PAIRS = st.sets(st.tuples(st.integers(0, 30), st.integers(0, 40)), min_size=12)


def frame(pairs):
    rows = [(f"q{query:02}", f"d{doc:02}") for query, doc in sorted(pairs)]
    return pl.DataFrame(rows, schema=["query_id", "doc_id"], orient="row")


def test_queries_that_share_a_positive_are_in_one_group_also_by_way_of_a_third():
    pairs = frame({(1, 1), (2, 1), (2, 2), (3, 2), (4, 3)})
    groups = dict(grouped(pairs).iter_rows())
    assert groups == {"q01": "q01", "q02": "q01", "q03": "q01", "q04": "q04"}


@given(PAIRS, st.floats(0.1, 0.9), st.integers(0, 5))
def test_no_tested_document_is_trained_on_and_no_query_is_lost(pairs, share, seed):
    positives = frame(pairs)
    try:
        parts = drawn(positives, share, seed)
    except InputError:
        smallest = grouped(positives).group_by("group").len()["len"].min()
        assert smallest > round(share * positives["query_id"].n_unique())
        return
    assert not set(parts.relevant["doc_id"]) & set(parts.pairs["doc_id"])
    assert parts.relevant.height + parts.pairs.height == positives.height
    assert set(parts.tested) == set(parts.relevant["query_id"]) == set(parts.groups["query_id"])
    assert len(parts.tested) <= round(share * positives["query_id"].n_unique())


@given(PAIRS, st.integers(0, 5))
def test_the_split_depends_on_seed_and_names_alone(pairs, seed):
    positives = frame(pairs)
    groups = grouped(positives)
    shuffled = grouped(positives.sample(fraction=1, shuffle=True, seed=seed))
    assert sorted(groups.iter_rows()) == sorted(shuffled.iter_rows())
    assert held_out(groups, 0.9, seed).equals(held_out(shuffled, 0.9, seed))


def test_where_all_queries_share_positives_nothing_can_be_kept_out():
    with pytest.raises(InputError, match=r"smallest group of queries that share positives has 10"):
        drawn(frame({(query, 0) for query in range(10)}), 0.2, 13)
