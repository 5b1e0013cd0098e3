"""Suspected positives, counted by hand and against a loop over rows."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.filter.suspects.compute import (
    BELOW_POOL,
    NEAR_NEGATIVES,
    SD_PER_MAD,
    UNLIKE_QUERY,
    Middle,
    cleared,
    count_suspects,
    middle,
    suspects,
)

NO_MIDDLE = Middle(0.0, 0.0)


def rows(*given):
    """Return verdicts from (query_id, doc_id, label, score ...), the scores called a, b ..."""
    names = "abc"[: len(given[0]) - 3]
    schema = {"query_id": pl.String, "doc_id": pl.String, "label": pl.String}
    schema |= {f"{name}_score": pl.Float32 for name in names}
    return pl.DataFrame(list(given), schema=schema, orient="row"), list(names)


def suspects_of(verdicts, names, share=None, deviations=None, middles=None):
    middles = middles or dict.fromkeys(names, NO_MIDDLE)
    return pl.from_arrow(suspects(verdicts, names, middles, share, deviations))


POOL = [("q", f"n{i}", "unlabeled", 0.1 * i, 10.0 - i) for i in range(1, 5)]


def test_the_share_is_the_least_over_the_scores():
    verdicts, names = rows(("q", "p", "positive", 0.05, 7.5), *POOL)
    row = suspects_of(verdicts, names, share=0.5).row(0, named=True)
    assert row["below"] == 0.5  # below all four by a, below two of four by b
    assert row["reason"] == BELOW_POOL
    assert not suspects_of(verdicts, names, share=0.6)["suspected"].any()


def test_other_positives_are_not_of_the_pool_and_ties_are_not_above():
    verdicts, names = rows(
        ("q", "best", "positive", 0.9), ("q", "p", "positive", 0.4), ("q", "n1", "unlabeled", 0.4),
        ("q", "n2", "judged_negative", 0.5), ("r", "p", "positive", 0.1), ("r", "n1", "unlabeled", 0.2),
    )  # fmt: skip
    assert suspects_of(verdicts, names, share=1.0).rows() == [
        ("q", "best", 0.0, 0.0, None, None, False, None),
        ("q", "p", 0.5, 0.0, None, None, False, None),
        ("r", "p", 1.0, 0.0, None, None, True, BELOW_POOL),
    ]


def test_a_score_that_is_missing_says_nothing_and_a_positive_without_any_is_not_suspected():
    verdicts, names = rows(
        ("q", "half", "positive", None, 1.0), ("q", "none", "positive", None, None),
        ("q", "n1", "unlabeled", 0.4, 2.0), ("empty", "p", "positive", 0.1, 0.1),
    )  # fmt: skip
    found = suspects_of(verdicts, names, share=1.0, deviations=1.0)
    assert found["below"].to_list() == [1.0, None, None]
    assert found["suspected"].to_list() == [True, False, False]


def test_an_outlier_among_ten_values_does_not_hide_itself():
    """methods.md section 21: with mean and standard deviation the fence of ten values is 3.64."""
    values = pl.Series([0.96, 0.98, 1.0, 1.0, 1.0, 1.01, 1.02, 1.03, 1.04, -1.5])
    around = middle(values)
    assert around.median == 1.0
    assert around.spread == pytest.approx(SD_PER_MAD * 0.02)
    verdicts, names = rows(("q", "p", "positive", -1.5), ("q", "ok", "positive", 0.96))
    found = suspects_of(verdicts, names, deviations=3.0, middles={"a": around})
    assert found["reason"].to_list() == [UNLIKE_QUERY, None]


def test_every_score_has_to_lie_far_below():
    verdicts, names = rows(("q", "p", "positive", -5.0, 0.0))
    middles = {"a": Middle(0.0, 1.0), "b": Middle(0.0, 1.0)}
    assert not suspects_of(verdicts, names, deviations=3.0, middles=middles)["suspected"].any()
    middles["b"] = Middle(4.0, 1.0)
    assert suspects_of(verdicts, names, deviations=3.0, middles=middles)["distance"].to_list() == [
        4.0
    ]


def test_positives_that_are_all_alike_are_never_far():
    assert middle(pl.Series([2.0, 2.0, 2.0])) == (2.0, 0.0)
    assert middle(pl.Series([None], dtype=pl.Float32)) == (0.0, 0.0)
    verdicts, names = rows(("q", "p", "positive", 1.0))
    assert (
        suspects_of(verdicts, names, deviations=1.0, middles={"a": Middle(2.0, 0.0)})[
            "distance"
        ].item()
        == 0
    )


def test_a_positive_among_negative_pairs_is_suspected_unless_a_score_says_so_first():
    verdicts, names = rows(
        ("q", "low", "positive", 0.1), ("q", "near", "positive", 0.9), ("q", "zero", "positive", 0.9),
        ("q", "none", "positive", 0.9), ("q", "n1", "unlabeled", 0.5),
    )  # fmt: skip
    known = {"low": -0.2, "near": -0.1, "zero": 0.0, "none": None}

    def margins(these):
        return pl.Series([known[name] for name in these["doc_id"]], dtype=pl.Float32)

    middles = dict.fromkeys(names, NO_MIDDLE)
    made = pl.from_arrow(suspects(verdicts, names, middles, 1.0, None, margins))
    assert made["reason"].to_list() == [BELOW_POOL, NEAR_NEGATIVES, None, None]
    assert made["suspected"].to_list() == [True, True, False, False]


def test_the_judge_clears_what_it_calls_relevant_and_nothing_else():
    tested = pl.DataFrame(
        {
            "query_id": ["q"] * 5, "doc_id": list("abcde"), "below": [1.0] * 5, "distance": [0.0] * 5,
            "neighbours": [None] * 5, "judge_verdict": pl.Series([None] * 5, dtype=pl.String),
            "suspected": [True, True, True, True, False], "reason": [BELOW_POOL] * 4 + [None],
        }
    )  # fmt: skip
    verdicts = ["relevant", "not_relevant", "abstained", None]
    judgments = pl.DataFrame({"query_id": "q", "doc_id": list("abcd"), "judge_verdict": verdicts})
    made = pl.from_arrow(cleared(tested, judgments))
    assert made["suspected"].to_list() == [False, True, True, True, False]
    assert made["reason"].to_list() == [None, BELOW_POOL, BELOW_POOL, BELOW_POOL, None]
    counts = count_suspects(made.lazy())
    assert counts["positives_suspected"] == 3
    assert counts["suspects_cleared"] == 1
    assert "suspects_cleared" not in count_suspects(tested.lazy())


score = st.none() | st.sampled_from([-1.0, 0.0, 0.25, 0.5, 2.0])
row = st.tuples(st.sampled_from(["q", "r"]), st.booleans(), score, score)


@given(st.lists(row, min_size=1, max_size=30))
def test_shares_are_those_of_a_loop(given_rows):
    given_rows = sorted(given_rows, key=lambda one: one[0])
    verdicts, names = rows(
        *((query, f"d{n}", "positive" if positive else "unlabeled", a, b)
          for n, (query, positive, a, b) in enumerate(given_rows))
    )  # fmt: skip
    wanted = []
    for query, positive, *scores in given_rows:
        if not positive:
            continue
        shares = []
        for place, value in enumerate(scores):
            pool = [one[2 + place] for one in given_rows if one[0] == query and not one[1]]
            pool = [other for other in pool if other is not None]
            if value is not None and pool:
                shares.append(np.float32(sum(other > value for other in pool) / len(pool)))
        wanted.append(min(shares) if shares else math.nan)
    below = suspects_of(verdicts, names, share=1.0)["below"].fill_null(math.nan).to_list()
    assert np.array_equal(below, wanted, equal_nan=True)
