"""Limits that depend on the data, by hand."""

import polars as pl
import pytest

import negmine
from negmine.config.settings import FilterSettings
from negmine.stages.filter.limits.compute import applied, needed, of_positives
from negmine.storage.workdir import Workdir
from tests.stages.filter.risk.circle import write_circle

SCORES = pl.Series([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, None])


def test_auto_is_ten_percentile_points_below_the_median():
    found = of_positives(FilterSettings(relative_margin="auto"), SCORES)
    assert found == {"relative_margin": pytest.approx((0.5 - 0.42) / 0.5)}
    rules = applied(FilterSettings(relative_margin="auto"), found)
    assert rules.relative_margin == pytest.approx(0.16)


def test_auto_does_not_care_for_the_scale_and_knows_negative_scores():
    auto = FilterSettings(relative_margin="auto")
    scaled = of_positives(auto, SCORES * 7)["relative_margin"]
    assert scaled == pytest.approx(of_positives(auto, SCORES)["relative_margin"])
    assert of_positives(auto, SCORES - 10)["relative_margin"] > 0


def test_a_percentile_is_a_score():
    found = of_positives(FilterSettings(max_percentile=25.0), SCORES)
    assert found == {"percentile_limit": pytest.approx(0.3)}
    assert not needed(FilterSettings(relative_margin=0.1))


def test_the_rules_read_them(tmp_path):
    flags = write_circle(tmp_path / "data", queries=12) | {"no_risk": True}
    negmine.mine(tmp_path / "w", max_percentile=40.0, no_relative_margin=True, **flags)
    rows = pl.concat(Workdir(tmp_path / "w").parts("4-filter/verdicts"))
    positives = rows.filter(pl.col("label") == "positive")["dense_score"]
    limit = positives.cast(pl.Float64).quantile(0.4, "linear")
    assert rows.filter("kept")["dense_score"].max() <= limit + 1e-6
    assert "above_percentile" in rows["reason"].to_list()
    negmine.filter(tmp_path / "w", relative_margin="auto", max_percentile=100.0)
    stats = Workdir(tmp_path / "w").require("4-filter/limits").stats
    median = positives.cast(pl.Float64).quantile(0.5, "linear")
    below = positives.cast(pl.Float64).quantile(0.4, "linear")
    assert stats["relative_margin"] == pytest.approx((median - below) / median, rel=1e-4)
