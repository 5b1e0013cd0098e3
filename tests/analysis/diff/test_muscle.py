"""The worked examples: Jaccard of negative sets, negative flips, gains and regressions."""

import polars as pl
import pytest

from negmine.analysis.diff.muscle import flips, jaccard, shift_rates


def jaccards(pairs):
    sizes = pl.DataFrame(
        [(len(a & b), len(a), len(b)) for a, b in pairs],
        schema={"both": pl.Int64, "a": pl.Int64, "b": pl.Int64},
        orient="row",
    )
    return sizes.select(jaccard(pl.col("both"), pl.col("a"), pl.col("b")).alias("j"))["j"]


def test_jaccard_of_the_worked_example():
    found = jaccards([({1, 2, 3}, {1, 2, 4}), ({4, 5, 6}, {4, 5, 6}), ({7, 8, 9}, {10, 11, 12})])
    assert found.to_list() == [0.5, 1.0, 0.0]
    assert found.mean() == 0.5


def test_two_empty_sets_are_the_same():
    assert jaccards([(set(), set()), (set(), {1})]).to_list() == [1.0, 0.0]


def test_flips_by_hand():
    """Five questions, x is right: one lost, one won, one wrong and then differently wrong."""
    answers = pl.DataFrame({"a": list("xyyxy"), "b": list("yxzxy")})
    a, b = pl.col("a"), pl.col("b")
    rates = answers.select(
        **{name: case.mean() for name, case in flips(a == "x", b == "x", a == b).items()}
    ).row(0, named=True)
    assert rates == {"nfr": 0.2, "nfr_mc": 0.4, "pfr": 0.2}


def test_gains_and_regressions_by_hand():
    shifts = pl.DataFrame({"d": [0.5, 0.1, -0.2, 0.0]})
    rates = shifts.select(**shift_rates(pl.col("d"))).row(0, named=True)
    assert rates == pytest.approx({"nfr": 0.25, "pfr": 0.5, "gain": 0.3, "regression": 0.2})


def test_nothing_gained_is_a_gain_of_zero():
    rates = pl.DataFrame({"d": [0.0, 0.0]}).select(**shift_rates(pl.col("d"))).row(0, named=True)
    assert rates == {"nfr": 0.0, "pfr": 0.0, "gain": 0.0, "regression": 0.0}
