"""What rules read beside scores: parents, owner queries, answers."""

import json

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.data.texts import normalise
from negmine.errors import InputError, SettingsError
from negmine.stages.filter.features.compute import (
    answer_pattern,
    contains_answer,
    owner_query_similarity,
    same_parent,
)
from negmine.storage.workdir import Workdir
from tests.models.tiny import static_model


def test_a_parent_is_shared_with_any_positive_of_the_query():
    rows = pl.DataFrame(
        [
            ("q", "p1", "positive"), ("q", "p2", "positive"), ("q", "a", "unlabeled"),
            ("q", "b", "unlabeled"), ("q", "c", "unlabeled"), ("r", "a", "positive"),
            ("r", "p1", "unlabeled"),
        ],
        schema=["query_id", "doc_id", "label"], orient="row",
    )  # fmt: skip
    parents = pl.DataFrame(
        {"doc_id": ["p1", "p2", "a", "b", "c"], "parent": ["x", None, "y", "x", None]}
    )
    assert same_parent(rows, parents).to_list() == [True, False, False, True, False, True, False]


def test_the_owner_is_another_query_and_the_closest_counts():
    rows = pl.DataFrame({"query_id": ["q"] * 4, "doc_id": ["mine", "two", "none", "one"]})
    owners = pl.DataFrame({"doc_id": ["mine", "two", "two", "one"], "owner": ["q", "r", "s", "r"]})
    near = {"r": 0.3, "s": 0.9}
    found = owner_query_similarity(
        rows, owners, lambda left, right: np.array([near[o] for o in right], np.float32)
    )
    assert found.to_list() == pytest.approx([None, 0.9, None, 0.3])


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("who said so? [citation needed]", "[citation needed]", True),
        ("a list", "[", False),
        ("it has [1] in it", "{1}", False),
        ("PARISIAN café", "Paris", False),
        ("Paris, France", "Paris", True),
        ("in  PARIS", "paris", True),
        ("He said (Paris).", "Paris", True),
        ("comparisons", '["Paris", "Rome"]', False),
        ("Rome is not Paris", '["Rome"]', True),
        ("C++ is a language", "C++", True),
        ("東京都は大きい", "東京", True),
        ("ชาเขียวควรชง", "เขียว", True),
        ("in 1999 or so", "[1999]", True),
        ("anything", "[]", False),
        ("anything", None, False),
        ("any.thing", "y.t", False),
        ("new\nyork", "New York", True),
    ],
)
def test_answers_count_as_whole_words(text, answers, expected):
    rows = pl.DataFrame(
        {"text": [normalise(text)], "answers": [answers]}, schema_overrides={"answers": pl.String}
    )
    assert contains_answer(rows).to_list() == [expected]


def test_a_query_without_answers_has_no_pattern():
    assert answer_pattern('["", " "]') is None


@pytest.fixture
def data(tmp_path):
    """Two articles of three passages, three questions with answers."""
    folder = tmp_path / "data"
    (folder / "qrels").mkdir(parents=True)
    passages = [
        ("a1", "tea", "Green tea wants water of eighty degrees."), ("a2", "tea", "Black tea wants hot water."),
        ("a3", "tea", "How long is tea hot?"), ("b1", "cats", "Cats sleep long."),
        ("b2", "cats", "How hot is a cat? 38 degrees."), ("b3", "cats", "Do not brew cats in eighty degrees."),
    ]  # fmt: skip
    queries = [
        ("q1", "how hot is green tea", ["eighty degrees", "80"]), ("q2", "how hot is black tea", None),
        ("q3", "how long do cats sleep", ["long"]),
    ]  # fmt: skip
    rows = [{"_id": i, "article": a, "text": t} for i, a, t in passages]
    asked = [{"_id": i, "text": t, "answers": a} for i, t, a in queries]
    for name, lines in {"corpus": rows, "queries": asked}.items():
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text)
    (folder / "qrels" / "train.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\ta1\t1\nq2\ta2\t1\nq3\tb1\t1\n"
    )
    return folder


def reasons(work, reason):
    rows = Workdir(work).scan("4-filter/verdicts").filter(pl.col("reason") == reason).collect()
    return sorted(rows.select("query_id", "doc_id").rows())


def test_the_three_rules_end_to_end(tmp_path, data):
    model = str(static_model(tmp_path / "model"))
    flags = {"data": data, "model": model, "retriever": ["bm25", "dense"], "device": "cpu"}
    negmine.mine(tmp_path / "w", no_relative_margin=True, no_near_duplicate=True, **flags)
    work = tmp_path / "w"
    negmine.filter(work, same_parent="article")
    assert ("q1", "a2") in reasons(work, "same_parent_as_positive")
    assert ("q1", "b2") not in reasons(work, "same_parent_as_positive")
    negmine.mine(work, no_relative_margin=True, contains_answer="answers", **flags)
    assert reasons(work, "contains_answer") == [("q1", "b3"), ("q3", "a3")]
    negmine.mine(work, no_relative_margin=True, owner_query=0.5, **flags)
    dropped = reasons(work, "owned_by_similar_query")
    assert ("q1", "a2") in dropped
    assert ("q2", "a1") in dropped
    assert not [pair for pair in dropped if pair[1] in ("a3", "b2", "b3")]  # nobody's documents


def test_columns_and_vectors_that_are_missing_are_told(tmp_path, data):
    flags = {"data": data, "retriever": ["bm25"]}
    with pytest.raises(
        InputError,
        match=r"--same-parent thread: the documents have no such column.*article",
    ):
        negmine.mine(tmp_path / "a", same_parent="thread", **flags)
    with pytest.raises(InputError, match="--contains-answer said: the queries have no such"):
        negmine.mine(tmp_path / "b", contains_answer="said", **flags)
    with pytest.raises(SettingsError, match="Add --retriever dense"):
        negmine.mine(tmp_path / "c", owner_query=0.9, **flags)
