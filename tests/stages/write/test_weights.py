"""Weights and levels: what the formulas say by hand, thirds of the whole run, monotone in the margin."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.write import scales as scaling
from negmine.stages.write.scales import NO_SCALES, Scales
from negmine.stages.write.weights import by_margin, inverse, level, weight
from tests.stages.write.sampling.build import how, rows


def weights(data, scales=NO_SCALES, **settings):
    return data.with_columns(weight(how(**settings), scales))["weight"].to_list()


def limits_of(margins):
    return scaling.level_limits(lambda: [margins.cast(pl.Float32)])


def levels(data, limits):
    return data.with_columns(level(how(), Scales(limits)))["level"].to_list()


def test_no_weight_is_no_number():
    assert weights(rows([0.5])) == [None]


def test_the_risk_weight_is_the_share_that_is_no_risk():
    data = rows([0.5] * 3).with_columns(risk_score=pl.Series([0.0, 0.25, None], dtype=pl.Float32))
    assert weights(data, weight="risk") == [1.0, 0.75, None]


def test_the_margin_weight_is_one_at_the_anchor_and_falls_below_it():
    """At an anchor of .8, a quarter of it is .2: the margin .2 gives 2 / (1 + e)."""
    expected = [1.0, 1.0, 2 / (1 + math.e), 2 / (1 + math.e**4)]
    assert weights(rows([0.9, 0.8, 0.6, 0.0], 0.8), weight="margin") == pytest.approx(expected)
    assert weights(rows([-0.5, -0.625], -0.5), weight="margin") == pytest.approx(
        [1.0, 2 / (1 + math.e)]
    )
    assert weights(rows([0.5, None], 0.0), weight="margin") == [None, None]


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=9), st.floats(0.01, 5))
def test_a_harder_negative_never_weighs_less(margins, anchor):
    data = pl.DataFrame({"margin": sorted(margins), "anchor": anchor})
    values = data.select(by_margin(pl.col("margin"), pl.col("anchor"))).to_series()
    assert values.is_between(0, 1).all()
    assert values.is_sorted(descending=True)


def test_the_inverse_propensity_is_that_of_the_worked_example_of_cet():
    """Selection scores -10, 0, 10, 40 at rho = 10 are propensities sigmoid(S / 10); the last is clipped."""
    seen = [1 / (1 + math.exp(-score / 10)) for score in (-10, 0, 10, 40)]
    assert 1 / (1 - seen[3]) == pytest.approx(55.6, abs=0.01)
    values = pl.DataFrame({"p": seen}).select(inverse(pl.col("p"))).to_series().to_list()
    assert values == pytest.approx([1.368, 2.0, 3.718, 10.0], abs=0.001)


def test_propensity_is_the_share_of_judged_rows_at_a_retrievers_ranks():
    """Of bm25's ranks 1 to 5, two are judged; of dense's 6 to 10, one."""
    labels = ["positive", "judged_negative", "unlabeled", "unlabeled", "unlabeled"]
    first = rows([0.5] * 5, dense_rank=[None] * 5, label=labels)
    second = rows(
        [0.5] * 5, query="r", dense_rank=[6, 7, 8, 9, 10], bm25_rank=[None] * 5,
        label=["positive"] + ["unlabeled"] * 4,
    )  # fmt: skip
    counts = pl.concat(scaling.judged_by_rank(part, ["bm25", "dense"]) for part in (first, second))
    scales = Scales(None, scaling.propensities(counts))
    shares = {(name, bucket): share for name, bucket, share in scales.propensities.iter_rows()}
    assert shares == {("bm25", 0): 0.4, ("dense", 1): 0.2}
    data = rows([0.5] * 3, bm25_rank=[1, None, 3], dense_rank=[None, 6, 6])
    expected = [1 / 0.6, 1 / 0.8, 1 / 0.6]
    assert weights(data, scales, weight="propensity") == pytest.approx(expected)


def test_levels_are_thirds_of_the_margins():
    data = rows([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, None], 1.0)
    limits = limits_of(1.0 - data["dense_score"])
    assert levels(data, limits) == ["hard", "hard", "medium", "medium", "easy", "easy", None]
    assert levels(data, None) == [None] * 7


@given(st.lists(st.integers(-999, 999), min_size=3, max_size=60, unique=True))
def test_levels_are_equal_in_size_and_monotone_in_the_margin(margins):
    data = rows([-m / 1000 for m in sorted(margins)], 0.0)
    margin = data.select(how().margin.cast(pl.Float32)).to_series()
    names = levels(data, limits_of(margin))
    assert names == sorted(names, key=["hard", "medium", "easy"].index)
    counts = [names.count(name) for name in ("hard", "medium", "easy")]
    assert max(counts) - min(counts) <= 1


def test_equal_margins_are_one_level():
    data = rows([0.5] * 7)
    assert len(set(levels(data, limits_of(1.0 - data["dense_score"])))) == 1
    assert limits_of(pl.Series([None, None], dtype=pl.Float32)) is None


def test_scales_come_back_as_they_were_written():
    shares = pl.DataFrame({"retriever": ["bm25"], "bucket": [2], "propensity": [0.25]})
    for scales in (NO_SCALES, Scales((0.1, 0.2)), Scales((0.1, 0.2), shares), Scales(None, shares)):
        back = scaling.from_rows(scaling.to_rows(scales))
        assert back.level_limits == scales.level_limits
        assert (back.propensities is None) == (scales.propensities is None)
        assert scales.propensities is None or back.propensities.equals(
            scales.propensities, null_equal=True
        )
