"""Room 2: runs end where they should, fusion is the formula, positives are never lost."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.data.frames import frame
from negmine.retrievers.base import Hits
from negmine.stages.retrieve import compute as retrieve

DOCS = pl.Series("doc_id", ["a", "b", "c", "d", "e"])


def hits(docs, scores):
    return Hits(np.array(docs, np.int64), np.array(scores, np.float32))


def pairs(*rows):
    return pl.DataFrame(rows, schema={"query_id": pl.String, "doc_id": pl.String}, orient="row")


def run(docs, scores, known=(), k=2, queries=("q",)):
    found = retrieve.found(hits(docs, scores), pl.Series("query_id", queries), DOCS)
    table = retrieve.run(retrieve.in_order(found), pairs(*known), k)
    return frame(table)


def test_a_run_ends_with_the_kth_hit_that_is_no_positive():
    found = run([[0, 1, 2, 3, 4]], [[5, 4, 3, 2, 1]], [("q", "a"), ("q", "e")])
    assert found["doc_id"].to_list() == ["a", "b", "c"]
    assert found["rank"].to_list() == [1, 2, 3]


def test_hits_that_are_in_order_are_cut_where_the_run_must_have_ended():
    known = pairs(("q1", "a"), ("q1", "e"))
    queries = pl.DataFrame({"query_id": ["q1", "q2"]})
    enough = retrieve.enough(queries, known, 2)
    assert enough.tolist() == [4, 2]
    both = hits([[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]], [[5, 4, 3, 2, 1]] * 2)
    cut = retrieve.found(both, queries["query_id"], DOCS, enough)
    assert cut.height == 6
    whole = retrieve.found(both, queries["query_id"], DOCS)
    assert retrieve.run(cut, known, 2).equals(retrieve.run(whole, known, 2))


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
        (rows["query_id"].to_list(), enough.tolist())
        for rows, enough in retrieve.by_depth(queries, known, 100)
    ]
    assert groups == [(["q1", "q3"], [100, 101]), (["q2"], [140])]


def test_fusion_is_reciprocal_rank_fusion_with_k_60():
    bm25 = pl.DataFrame(
        {"query_id": ["q", "q"], "doc_id": ["a", "b"], "rank": [1, 2], "score": [9.0, 8.0]}
    )
    dense = pl.DataFrame({"query_id": ["q"], "doc_id": ["b"], "rank": [1], "score": [0.5]})
    fused = retrieve.fuse({"bm25": bm25, "dense": dense}, pairs(("q", "p"))).sort("doc_id")
    assert fused["score"].to_list() == [
        pytest.approx(1 / 61),
        pytest.approx(1 / 62 + 1 / 61),
        None,
    ]
    assert fused["dense_rank"].to_list() == [None, 1, None]


def test_candidates_are_the_union_with_labels_and_fused_ranks():
    one = pl.DataFrame(
        {
            "query_id": ["q"] * 3,
            "doc_id": ["a", "b", "p"],
            "rank": [1, 2, 3],
            "score": [3.0, 2.0, 1.0],
        }
    )
    qrels = pl.DataFrame(
        {"query_id": ["q"] * 3, "doc_id": ["p", "lost", "b"], "relevance": [1, 2, 0]}
    )
    queries = pl.DataFrame({"query_id": ["q"], "text": ["?"]})
    rows = retrieve.candidates({"bm25": one}, qrels, queries, 1)
    assert rows.select("doc_id", "label", "rank").rows() == [
        ("a", "unlabeled", 1),
        ("b", "judged_negative", 2),
        ("p", "positive", 3),
        ("lost", "positive", None),
    ]


def test_a_relevance_between_zero_and_the_minimum_is_no_negative():
    qrels = pl.DataFrame({"relevance": [3, 2, 1, 0, -1]})
    labels = qrels.select(retrieve.label(2))["label"].to_list()
    assert labels == [
        "positive",
        "positive",
        "partly_relevant",
        "judged_negative",
        "judged_negative",
    ]


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
