"""The thresholds that the report shows beside a scorer."""

from negmine.analysis.report.thresholds import LINES, thresholds
from negmine.config.settings import FilterSettings

SETTINGS = FilterSettings(
    score="rerank", relative_margin=0.1, absolute_margin=0.2, max_score=0.9, min_score=0.1,
    max_percentile=5, above_positive=0.3, iqr=1.5, max_risk=0.05, guide_model=("a", "b"),
    guide_margin=0.4, skip_top=3, near_duplicate=0.8, owner_query=0.7, same_parent="thread",
)  # fmt: skip


def test_every_threshold_stands_beside_the_scorer_whose_score_it_reads():
    assert thresholds(SETTINGS, "rerank") == {
        "relative_margin": 0.1, "absolute_margin": 0.2, "max_score": 0.9, "min_score": 0.1,
        "max_percentile": 5.0, "above_positive": 0.3, "iqr": 1.5,
    }  # fmt: skip
    assert thresholds(SETTINGS, "risk") == {"max_risk": 0.05}
    assert thresholds(SETTINGS, "guide") == thresholds(SETTINGS, "guide_2") == {"guide_margin": 0.4}
    assert thresholds(SETTINGS, "dense") == thresholds(SETTINGS, "judge") == {}


def test_a_guide_may_also_decide():
    settings = SETTINGS.model_copy(update={"score": "guide_2"})
    assert thresholds(settings, "guide_2") == thresholds(SETTINGS, "rerank") | {"guide_margin": 0.4}
    assert thresholds(settings, "rerank") == {}


def test_a_switch_or_a_word_is_no_threshold():
    off = FilterSettings(score="dense", no_relative_margin=True, no_risk=True)
    assert thresholds(off, "dense") == thresholds(off, "risk") == {}


def test_a_line_is_drawn_where_a_threshold_is_a_score():
    assert {"max_score", "min_score", "max_risk"} <= LINES
    assert LINES.isdisjoint({"relative_margin", "iqr", "max_percentile", "guide_margin"})
