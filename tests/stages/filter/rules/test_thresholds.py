"""Thresholds: worked examples of NV-Retriever, sentence-transformers, UniME and UNPG, and invariants."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.filter.compute import count_verdicts
from tests.stages.filter.rules.deciding import decide, kept
from tests.stages.filter.rules.examples import UNPG

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
    "threshold", [{"absolute_margin": 0.25}, {"max_score": 0.5}, {"min_score": 0.5}]
)
def test_equality_survives_every_threshold(threshold):
    assert "d0" in kept([0.5, 0.25], positive=(0.75,), **threshold)


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
    decided = decide(negative, positive=positive, relative_margin=size, skip_top=skip)
    counts = count_verdicts(decided.lazy())
    assert counts["candidates"] == decided.height
    assert counts["kept"] + sum(counts["removed"].values()) == counts["candidates"]
    assert not decided.filter(pl.col("label") == "positive")["kept"].any()
    assert (decided["kept"] == decided["reason"].is_null()).all()


@given(scores, st.floats(0.125, 1, width=32), st.sampled_from([0.25, 0.5, 2.0, 4.0]))
def test_relative_margin_does_not_care_for_the_scale(negative, positive, factor):
    scaled = [float(np.float32(score * factor)) for score in negative]
    plain = kept(negative, positive=(positive,), relative_margin=0.25)
    assert kept(scaled, positive=(positive * factor,), relative_margin=0.25) == plain


def test_thresholds_may_read_the_reranker_and_negative_logits_work():
    opinions = {"rerank": [-2.0, -1.9, -2.05, -2.2, -9.0]}
    decided = decide([0.1] * 4, opinions=opinions, score="rerank", relative_margin=0.05)
    assert decided.filter("kept")["doc_id"].to_list() == ["d2", "d3"]
    assert decided["positive_score"].unique().to_list() == [-2.0]


def test_above_positive_allows_a_little_more_than_the_positive():
    assert kept([0.95, 0.91, 0.89, 0.8], above_positive=0.1) == ["d2", "d3"]


@given(st.lists(st.floats(0, 1, width=16), min_size=1, max_size=8))
def test_above_positive_is_a_negative_absolute_margin_but_for_equality(scores):
    one = kept(scores, positive=(0.5,), above_positive=0.125)
    assert one == kept(scores, positive=(0.5,), absolute_margin=-0.125)


def test_outliers_are_above_the_upper_whisker():
    decided = decide(UNPG, positive=(0.99,), iqr=1.5)
    assert decided.filter(reason="score_outlier")["doc_id"].to_list() == ["d11"]
    assert kept(UNPG, positive=(0.99,), iqr=5.0)[-1] == "d11"


@given(st.permutations(UNPG))
def test_outliers_do_not_depend_on_the_order(scores):
    decided = decide(scores, positive=(0.99,), iqr=1.5).filter(reason="score_outlier")
    assert decided["dense_score"].to_list() == pytest.approx([0.95])


def test_a_short_list_has_no_outliers():
    assert len(kept([0.1] * 6 + [0.95], iqr=1.5)) == 7
    assert len(kept([0.1] * 7 + [0.95], iqr=1.5)) == 7
