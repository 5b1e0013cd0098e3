"""Runs: they end where they should, ties go by doc_id, positives among the hits keep their rank."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from negmine.data.frames import frame
from negmine.retrievers import runs
from negmine.retrievers.base import Hits

DOCS = pl.Series("doc_id", ["a", "b", "c", "d", "e"])


def hits(docs, scores):
    return Hits(np.array(docs, np.int64), np.array(scores, np.float32))


def pairs(*rows):
    return pl.DataFrame(rows, schema={"query_id": pl.String, "doc_id": pl.String}, orient="row")


def run(docs, scores, known=(), k=2, queries=("q",)):
    rows = runs.as_rows(hits(docs, scores), pl.Series("query_id", queries), DOCS)
    table = runs.run(runs.in_order(rows), pairs(*known), k)
    return frame(table)


def test_a_run_ends_with_the_kth_hit_that_is_no_positive():
    found = run([[0, 1, 2, 3, 4]], [[5, 4, 3, 2, 1]], [("q", "a"), ("q", "e")])
    assert found["doc_id"].to_list() == ["a", "b", "c"]
    assert found["rank"].to_list() == [1, 2, 3]


def test_hits_that_are_in_order_are_cut_where_the_run_must_have_ended():
    known = pairs(("q1", "a"), ("q1", "e"))
    queries = pl.DataFrame({"query_id": ["q1", "q2"]})
    depths = runs.depths(queries, known, 2)
    assert depths.tolist() == [4, 2]
    both = hits([[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]], [[5, 4, 3, 2, 1]] * 2)
    cut = runs.as_rows(both, queries["query_id"], DOCS, depths)
    assert cut.height == 6
    whole = runs.as_rows(both, queries["query_id"], DOCS)
    assert runs.run(cut, known, 2).equals(runs.run(whole, known, 2))


def test_a_positive_behind_the_kth_hit_is_not_part_of_the_run():
    found = run([[0, 1, 2]], [[5, 4, 3]], [("q", "c")])
    assert found["doc_id"].to_list() == ["a", "b"]


def test_ties_are_ordered_by_doc_id_whatever_the_retriever_did():
    found = run([[4, 2, 0]], [[1, 1, 1]], k=3)
    assert found["doc_id"].to_list() == ["a", "c", "e"]


def test_padding_is_no_hit():
    found = run([[0, -1], [1, 2]], [[1, -np.inf], [3, 2]], queries=("q1", "q2"))
    assert found.select("query_id", "doc_id").rows() == [("q1", "a"), ("q2", "b"), ("q2", "c")]


def test_a_query_with_many_positives_is_searched_apart():
    queries = pl.DataFrame({"row": [0, 1, 2], "query_id": ["q1", "q2", "q3"]})
    known = pairs(*[("q2", f"d{n}") for n in range(40)], ("q3", "a"))
    groups = [
        (rows["query_id"].to_list(), depths.tolist())
        for rows, depths in runs.by_depth(queries, known, 100)
    ]
    assert groups == [(["q1", "q3"], [100, 101]), (["q2"], [140])]


@given(
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=5, max_size=5),
    st.sets(st.sampled_from("abcde")),
    st.integers(1, 5),
)
def test_a_run_is_what_brute_force_gives(scores, known, k):
    order = sorted(range(5), key=lambda i: (-scores[i], DOCS[i]))
    expected, new = [], 0
    for place in order:
        if new == k:
            break
        expected.append(DOCS[place])
        new += DOCS[place] not in known
    found = run([list(range(5))], [scores], [("q", doc) for doc in known], k)
    assert found["doc_id"].to_list() == expected
