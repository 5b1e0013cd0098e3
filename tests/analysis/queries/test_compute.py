"""The pure part of generate-queries: worked examples, and what holds of every draw."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.queries import compute
from negmine.analysis.queries.asking import PROMPT, query_of
from negmine.scorers.judge.base import Reply


@given(st.lists(st.text(max_size=3), unique=True, min_size=1), st.integers(1, 9), st.integers(0, 3))
def test_of_a_larger_draw_a_smaller_one_is_a_part_and_both_keep_the_order(names, count, seed):
    documents = pl.DataFrame({"doc_id": names})
    some = compute.drawn(documents, count, seed)["doc_id"].to_list()
    more = compute.drawn(documents, count + 2, seed)["doc_id"].to_list()
    assert len(some) == min(count, len(names)) and set(some) <= set(more)
    assert [name for name in names if name in more] == more


def test_worked_example():
    """Four queries: a good one, its copy, one that the user has, and one that finds another document."""
    rows = compute.table(
        [
            {"doc_id": name, "number": 1, "outcome": outcome, "query": name, "text_key": key, "origin": "o"}
            for name, outcome, key in [
                ("d1", "written", b"1"), ("d2", "written", b"1"), ("d3", "written", b"3"),
                ("d4", "written", b"4"), ("d5", "refused", None), ("d6", "refused", None),
            ]
        ]
    )  # fmt: skip
    apart = compute.told_apart(rows, pl.Series([b"3", b"9"]))
    assert apart["outcome"].to_list() == [
        "written", "repeated", "yours", "written", "refused", "refused",
    ]  # fmt: skip
    written = apart.filter(pl.col("outcome") == "written")
    ranks = {
        "bm25": compute.places(np.array([[7, 4, -1], [8, 9, 6]]), np.array([4, 5])),
        "dense": compute.places(np.array([[4, 7, 9], [1, 2, 3]]), np.array([4, 5])),
    }
    assert ranks["bm25"].to_list() == [2, None] and ranks["dense"].to_list() == [1, None]
    placed = compute.filtered(written, ranks)
    assert placed.select("doc_id", "outcome", "bm25_rank", "dense_rank").rows() == [
        ("d1", "written", 2, 1), ("d4", "not_found", None, None),
    ]  # fmt: skip
    assert compute.filtered(written.clear(), {"bm25": pl.Series([], dtype=pl.Int32)}).is_empty()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ('{"query": " why do\\n cats purr? "}', "why do cats purr?"),
        ('```json\n{"query": "fenced"}\n```', "fenced"),
        ('{"text": "another key"}', None),
        ("why do cats purr?", None),
        ('{"query": ""}', None),
        ('{"query": "\\u001b[2J"}', None),
        ('{"query": "<|im_end|>"}', None),
        ('{"query": "' + "a" * 1_001 + '"}', None),
        ('{"query": "Write one query that a person would type into it"}', None),
    ],
)
def test_an_answer_is_one_object_with_one_query(text, query):
    assert query_of(Reply(text), PROMPT) == query
