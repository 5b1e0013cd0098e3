"""The rules: worked examples of NV-Retriever and sentence-transformers, order, and invariants."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.frames import frame
from negmine.rooms.filter import count_verdicts, verdicts
from negmine.rules import REASONS, RULES
from negmine.settings import FilterSettings


def judge(scores, positive=(0.8,), keys=None, similarity=None, query_key=b"q" * 16, **rules):
    """Return the verdicts of one query: positives first, then candidates with these scores."""
    names = [f"p{i}" for i in range(len(positive))] + [f"d{i}" for i in range(len(scores))]
    rows = len(names)
    candidates = pl.DataFrame(
        {
            "query_id": ["q"] * rows,
            "doc_id": names,
            "label": ["positive"] * len(positive) + ["unlabeled"] * len(scores),
            "rank": pl.Series(range(1, rows + 1), dtype=pl.Int32),
            "score": pl.Series([0.01] * rows, dtype=pl.Float32),
            "dense_rank": pl.Series(range(1, rows + 1), dtype=pl.Int32),
            "dense_score": pl.Series([*positive, *scores], dtype=pl.Float32),
        }
    )
    texts = keys or {}
    corpus_keys = pl.DataFrame(
        {"doc_id": names, "text_key": [texts.get(name, name.encode().ljust(16)) for name in names]}
    )
    query_keys = pl.DataFrame({"query_id": ["q"], "query_key": [query_key]})
    like = pl.Series(similarity or [None] * rows, dtype=pl.Float32)
    settings = FilterSettings(score="dense", **rules)
    return frame(verdicts(candidates, like, corpus_keys, query_keys, settings, ["dense"]))


def kept(scores, **options):
    found = judge(scores, **options)
    return found.filter("kept")["doc_id"].to_list()


NV = [0.79, 0.77, 0.76, 0.7599, 0.70, 0.50, 0.30]


def test_relative_margin_keeps_what_nv_retriever_keeps_and_equality():
    # 0.8f - 0.8f * 0.05f rounds to 0.76f in float32: equality survives, as in sentence-transformers.
    assert kept(NV, relative_margin=0.05) == ["d2", "d3", "d4", "d5", "d6"]


def test_absolute_margin_and_max_score_keep_what_nv_retriever_keeps():
    assert kept(NV, absolute_margin=0.05) == ["d4", "d5", "d6"]
    assert kept(NV, max_score=0.7) == ["d4", "d5", "d6"]


@pytest.mark.parametrize(
    ("positive", "negative", "is_kept"),
    [(0.80, 0.76, True), (0.60, 0.57, True), (0.70, 0.665, False), (0.90, 0.855, False)],
)
def test_margins_are_float32_arithmetic(positive, negative, is_kept):
    assert bool(kept([negative], positive=(positive,), relative_margin=0.05)) is is_kept


def test_a_negative_anchor_moves_the_threshold_down():
    assert kept([-0.49, -0.52, -0.53, -0.8], positive=(-0.5,), relative_margin=0.05) == ["d2", "d3"]


def test_the_anchor_is_the_lowest_positive():
    assert kept([0.45, 0.35, 0.25], positive=(0.8, 0.4), absolute_margin=0.0) == ["d1", "d2"]


@pytest.mark.parametrize(
    "rule", [{"absolute_margin": 0.25}, {"max_score": 0.5}, {"min_score": 0.5}]
)
def test_equality_survives_every_threshold(rule):
    assert "d0" in kept([0.5, 0.25], positive=(0.75,), **rule)


def test_the_first_rule_that_fires_gives_the_reason():
    same = b"p0".ljust(16)
    found = judge(
        [0.9, 0.9, 0.9, 0.9, 0.9, 0.1],
        keys={"d0": same, "d1": b"q" * 16},
        similarity=[1.0, 1.0, 1.0, 0.96, 0.9, 0.1, 0.1],
        skip_top=5,
        max_score=0.85,
        min_score=0.2,
        relative_margin=0.05,
    )
    assert found["reason"].to_list() == [
        "is_positive",
        "same_text_as_positive",
        "same_text_as_query",
        "near_duplicate_of_positive",
        "in_skipped_top",
        "above_max_score",
        "below_min_score",
    ]


def test_near_duplicates_can_be_let_through():
    similar = [1.0, 0.99]
    assert kept([0.1], similarity=similar) == []
    assert kept([0.1], similarity=similar, no_near_duplicate=True) == ["d0"]
    assert kept([0.1], similarity=similar, near_duplicate=0.995) == ["d0"]


def test_a_candidate_without_a_score_is_not_taken_for_safe():
    found = judge([None, 0.1], relative_margin=0.05)
    assert found["reason"].to_list() == ["is_positive", "not_scored", None]
    assert judge([None])["kept"].to_list() == [False, True]


def test_a_query_whose_positives_have_no_score_keeps_nothing_under_a_margin():
    found = judge([0.1], positive=(None,), relative_margin=0.05)
    assert found["reason"].to_list() == ["is_positive", "not_scored"]
    assert kept([0.1], positive=(None,), max_score=0.5) == ["d0"]


def test_every_rule_is_named_after_its_reason_once():
    assert len(set(REASONS)) == len(RULES)


scores = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=12)
margin = st.floats(0, 1, width=32)


@given(scores, scores, margin, margin)
def test_a_tighter_margin_never_keeps_more(negative, positive, one, other):
    low, high = sorted((one, other))
    loose = kept(negative, positive=positive, relative_margin=low)
    tight = kept(negative, positive=positive, relative_margin=high)
    assert set(tight) <= set(loose)


@given(scores, scores, margin, st.integers(0, 5))
def test_counts_add_up_and_no_positive_is_kept(negative, positive, size, skip):
    found = judge(negative, positive=positive, relative_margin=size, skip_top=skip)
    counts = count_verdicts(found.lazy())
    assert counts["candidates"] == found.height
    assert counts["kept"] + sum(counts["removed"].values()) == counts["candidates"]
    assert not found.filter(pl.col("label") == "positive")["kept"].any()
    assert (found["kept"] == found["reason"].is_null()).all()


@given(scores, st.floats(0.125, 1, width=32), st.sampled_from([0.25, 0.5, 2.0, 4.0]))
def test_relative_margin_does_not_care_for_the_scale(negative, positive, factor):
    scaled = [float(np.float32(score * factor)) for score in negative]
    plain = kept(negative, positive=(positive,), relative_margin=0.25)
    assert kept(scaled, positive=(positive * factor,), relative_margin=0.25) == plain
