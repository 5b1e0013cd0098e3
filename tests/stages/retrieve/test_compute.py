"""Stage 2: fusion is the formula, positives are never lost."""

import polars as pl
import pytest

from negmine.config.fusion import Fusion
from negmine.stages.retrieve import compute as retrieve


def pairs(*rows):
    return pl.DataFrame(rows, schema={"query_id": pl.String, "doc_id": pl.String}, orient="row")


def test_fusion_is_reciprocal_rank_fusion_with_k_60():
    bm25 = pl.DataFrame(
        {"query_id": ["q", "q"], "doc_id": ["a", "b"], "rank": [1, 2], "score": [9.0, 8.0]}
    )
    dense = pl.DataFrame({"query_id": ["q"], "doc_id": ["b"], "rank": [1], "score": [0.5]})
    fused = retrieve.fuse({"bm25": bm25, "dense": dense}, pairs(("q", "p")), Fusion()).sort(
        "doc_id"
    )
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
    rows = retrieve.candidates({"bm25": one}, qrels, queries, 1, Fusion())
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
