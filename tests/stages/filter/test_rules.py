"""The rules: worked examples of NV-Retriever and sentence-transformers, order, and invariants."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import FilterSettings
from negmine.data.frames import frame
from negmine.stages.filter.compute import count_verdicts, gathered, verdicts
from negmine.stages.filter.features.compute import features
from negmine.stages.filter.rules import REASONS, RULES, signal_opinions


def judge(
    scores,
    positive=(0.8,),
    keys=None,
    query_key=b"q" * 16,
    opinions=None,
    known=None,
    extra=None,
    **rules,
):
    """Return the verdicts of one query: positives first, then candidates with these scores.

    opinions: scorer name to scores; known: feature name to values; both of positives, then candidates.
    """
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
    ).with_columns(body_key="text_key")
    query_keys = pl.DataFrame({"query_id": ["q"], "query_key": [query_key]})
    about = {name: pl.Series(values) for name, values in (known or {}).items()}
    opinions = {name: pl.Series(s, dtype=pl.Float32) for name, s in (opinions or {}).items()}
    settings = FilterSettings(**({"score": "dense"} | rules))
    seen = frame(features(candidates, about))
    rows = gathered(candidates, seen, opinions).with_columns(
        **{name: pl.Series(values, dtype=pl.Float64) for name, values in (extra or {}).items()}
    )
    return frame(verdicts(rows, corpus_keys, query_keys, settings, ["dense"], list(opinions)))


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
        known={"positive_similarity": [1.0, 1.0, 1.0, 0.96, 0.9, 0.1, 0.1]},
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
    assert kept([0.1], known={"positive_similarity": similar}) == []
    assert kept([0.1], known={"positive_similarity": similar}, no_near_duplicate=True) == ["d0"]
    assert kept([0.1], known={"positive_similarity": similar}, near_duplicate=0.995) == ["d0"]


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


# -- second opinions -------------------------------------------------------------------------


def test_a_guide_suspects_what_it_scores_above_its_own_anchor():
    """Row 2 of methods' GISTEmbed example: t = .70, ties stay."""
    found = judge([0.1, 0.1, 0.1], opinions={"guide": [0.70, 0.70, 0.71, 0.69]}, guide_model=("g",))
    assert found["reason"].to_list()[1:] == [None, "suspected_by_guide", None]
    assert found["guide_rank"].to_list() == [3, 2, 1, 4]


@pytest.mark.parametrize(
    ("kind", "margin", "expected"),
    [
        ("relative", 0.0, ["d1", "d2", "d3"]),
        ("relative", 0.1, ["d2", "d3"]),
        ("absolute", 0.1, ["d2", "d3"]),
        ("absolute", 0.3, ["d3"]),
        ("relative", -0.5, ["d0", "d1", "d2", "d3"]),
    ],
)
def test_the_guides_margin_may_be_relative_or_absolute(kind, margin, expected):
    opinions = {"guide": [0.8, 0.85, 0.75, 0.7, 0.4]}
    rules = {"guide_model": ("g",), "guide_margin": margin, "guide_margin_type": kind}
    assert kept([0.1] * 4, opinions=opinions, **rules) == expected


def test_a_guide_with_negative_scores_moves_the_threshold_down():
    opinions = {"guide": [-0.5, -0.49, -0.52, -0.53]}
    rules = {"guide_model": ("g",), "guide_margin": 0.05}
    assert kept([0.1] * 3, opinions=opinions, **rules) == ["d2"]


def test_any_of_several_guides_may_suspect():
    opinions = {"guide": [0.5, 0.6, 0.4, 0.4], "guide_2": [0.5, 0.4, 0.6, 0.4]}
    found = judge([0.1] * 3, opinions=opinions, guide_model=("a", "b"))
    assert found.filter("kept")["doc_id"].to_list() == ["d2"]


@given(st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=8), st.floats(-1, 1, width=16))
def test_the_miner_as_its_own_guide_is_a_relative_margin_of_zero(scores, positive):
    guided = kept(
        scores, positive=(positive,), opinions={"guide": [positive, *scores]}, guide_model=("g",)
    )
    assert guided == kept(scores, positive=(positive,), relative_margin=0.0)


def test_thresholds_may_read_the_reranker_and_negative_logits_work():
    opinions = {"rerank": [-2.0, -1.9, -2.05, -2.2, -9.0]}
    rules = {"score": "rerank", "relative_margin": 0.05}
    found = judge([0.1] * 4, opinions=opinions, **rules)
    assert found.filter("kept")["doc_id"].to_list() == ["d2", "d3"]
    assert found["positive_score"].unique().to_list() == [-2.0]


def test_what_the_reranker_did_not_score_is_dropped_unless_told_otherwise():
    opinions = {"rerank": [0.9, 0.1, None]}
    rules = {"score": "rerank", "relative_margin": 0.05}
    found = judge([0.1] * 2, opinions=opinions, **rules)
    assert found["reason"].to_list() == ["is_positive", None, "not_scored"]
    assert found["rerank_rank"].to_list() == [1, 2, None]
    assert kept([0.1] * 2, opinions=opinions, unscored="keep", **rules) == ["d0", "d1"]


def test_ranks_of_a_scorer_break_ties_by_doc_id():
    found = judge([0.1] * 3, opinions={"rerank": [0.5, 0.7, 0.5, 0.7]})
    assert found["rerank_rank"].to_list() == [4, 1, 3, 2]


# -- rules over any score ----------------------------------------------------------------------


def test_above_positive_allows_a_little_more_than_the_positive():
    scores = [0.95, 0.91, 0.89, 0.8]
    assert kept(scores, above_positive=0.1) == ["d2", "d3"]


@given(st.lists(st.floats(0, 1, width=16), min_size=1, max_size=8))
def test_above_positive_is_a_negative_absolute_margin_but_for_equality(scores):
    one = kept(scores, positive=(0.5,), above_positive=0.125)
    assert one == kept(scores, positive=(0.5,), absolute_margin=-0.125)


UNPG = [0.02, 0.05, 0.10, 0.12, 0.15, 0.18, 0.20, 0.22, 0.25, 0.28, 0.30, 0.95]


def test_outliers_are_above_the_upper_whisker():
    found = judge(UNPG, positive=(0.99,), iqr=1.5)
    assert found.filter(reason="score_outlier")["doc_id"].to_list() == ["d11"]
    assert kept(UNPG, positive=(0.99,), iqr=5.0)[-1] == "d11"


@given(st.permutations(UNPG))
def test_outliers_do_not_depend_on_the_order(scores):
    found = judge(scores, positive=(0.99,), iqr=1.5).filter(reason="score_outlier")
    assert found["dense_score"].to_list() == pytest.approx([0.95])


def test_a_short_list_has_no_outliers():
    assert len(kept([0.1] * 6 + [0.95], iqr=1.5)) == 7
    assert len(kept([0.1] * 7 + [0.95], iqr=1.5)) == 7


def test_a_document_owned_by_a_similar_query_is_dropped():
    """Methods' SaHa example: document 1 is the planted false negative."""
    owners = [None, 0.95, 0.30, 0.50, 0.20, None]
    found = judge(
        [0.5, 0.4, 0.3, 0.2, 0.1], known={"owner_query_similarity": owners}, owner_query=0.9
    )
    assert found.filter("kept")["doc_id"].to_list() == ["d1", "d2", "d3", "d4"]
    assert found.filter(reason="owned_by_similar_query")["doc_id"].to_list() == ["d0"]


def test_a_document_of_the_same_parent_is_dropped():
    found = judge([0.1] * 2, known={"same_parent": [True, True, False]}, same_parent="article")
    assert found["reason"].to_list() == ["is_positive", "same_parent_as_positive", None]


def test_a_document_with_the_answer_is_dropped():
    found = judge([0.1] * 2, known={"contains_answer": [True, True, False]}, contains_answer="a")
    assert found["reason"].to_list() == ["is_positive", "contains_answer", None]


def test_optional_rules_are_off_by_default():
    known = {
        "same_parent": [True] * 3,
        "contains_answer": [True] * 3,
        "owner_query_similarity": [1.0] * 3,
    }
    assert kept([0.9, 0.1], known=known, opinions={"guide": [0.1, 0.9, 0.9]}) == ["d0", "d1"]


def test_a_signal_of_a_score_that_is_missing_is_not_safe():
    opinions = {"rerank": [1.0, 0.2, None]}
    signals = {"rerank_difference": [0.0, -0.8, None]}
    for unscored, expected in (("drop", ["d0"]), ("keep", ["d0", "d1"])):
        rule = {"max_signal": ("rerank_difference=0",), "unscored": unscored}
        found = judge([0.5, 0.4], opinions=opinions, extra=signals, **rule)
        assert found.filter("kept")["doc_id"].to_list() == expected


def test_a_likeness_that_cannot_be_told_is_no_missing_score():
    assert signal_opinions(FilterSettings(max_signal=("positive_similarity_z=1",))) == []
    limits = ("bm25_log_ratio=1", "owner_query_similarity=0.5", "dense_z=1", "guide_2_gap=0")
    assert signal_opinions(FilterSettings(max_signal=limits)) == ["dense", "guide_2"]
