"""Which of a query's positive scores margins are measured from."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.config.settings import FilterSettings
from negmine.errors import SettingsError
from negmine.stages.filter.rules import anchor

SCORES = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=6)
OF = {"min": np.min, "max": np.max, "mean": np.mean}


def anchors(scores_by_query, which):
    """Return the anchor of each query whose positives have these scores."""
    rows = [
        (query, label, score)
        for query, scores in scores_by_query.items()
        for label, score in [*(("positive", s) for s in scores), ("unlabeled", 9.0)]
    ]
    frame = pl.DataFrame(
        rows, {"query_id": pl.String, "label": pl.String, "dense_score": pl.Float32}, orient="row"
    )
    settings = FilterSettings(score="dense", anchor=which)
    seen = frame.with_columns(positive_score=anchor(settings))
    assert seen["positive_score"].dtype == pl.Float32
    return dict(seen.group_by("query_id").agg(pl.col("positive_score").first()).iter_rows())


@given(SCORES, SCORES, st.one_of(st.sampled_from(["min", "max", "mean"]), st.floats(0, 1)))
def test_it_is_what_numpy_says_of_the_querys_own_positives(first, second, which):
    seen = anchors({"a": first, "b": second}, which)
    for query, scores in (("a", first), ("b", second)):
        told = OF[which](scores) if isinstance(which, str) else np.quantile(scores, which)
        assert seen[query] == pytest.approx(told, abs=1e-6)


def test_worked_example():
    scores = {"q": [0.2, 0.6, 0.7, 0.9]}
    told = {which: anchors(scores, which)["q"] for which in ("min", "mean", "max", 0.5, 0.25)}
    assert told == pytest.approx({"min": 0.2, "mean": 0.6, "max": 0.9, 0.5: 0.65, 0.25: 0.5})


def test_a_positive_without_a_score_has_no_say():
    assert anchors({"q": [None, 0.4]}, "mean")["q"] == pytest.approx(0.4)
    assert anchors({"q": [None]}, 0.5)["q"] is None


def test_a_higher_anchor_keeps_more_candidates(beir, vectors, tmp_path):
    work = negmine.mine(
        tmp_path / "w", data=beir, **vectors, no_risk=True, relative_margin=0.2, k=20
    ).work
    kept = {}
    for which in ("min", 0.5, "max"):
        negmine.filter(work, anchor=which)
        rows = pl.read_parquet(work / "4-filter/verdicts/*.parquet")
        kept[which] = set(rows.filter("kept").select("query_id", "doc_id").iter_rows())
    assert kept["min"] < kept["max"]
    assert kept["min"] <= kept[0.5] <= kept["max"]


@pytest.mark.parametrize("wrong", ["median", 1.5, -0.1, True])
def test_what_is_no_anchor_is_refused(beir, tmp_path, wrong):
    with pytest.raises(SettingsError, match="anchor"):
        negmine.mine(tmp_path / "w", data=beir, retriever="bm25", anchor=wrong)
