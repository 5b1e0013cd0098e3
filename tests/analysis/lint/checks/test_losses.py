"""Losses of positives and the fences around them, against a worked example and NumPy."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.lint.checks.losses import Fences, losses
from negmine.analysis.lint.findings import Findings
from tests.analysis.lint.checks.frames import rows


def check(folder, values):
    """Return the findings and the fence of these losses, which come in parts of 40."""
    findings, fences = Findings(20), Fences(folder / "losses", 2)
    for start in range(0, len(values), 40):
        part = values[start : start + 40]
        numbers = pl.Series(range(start, start + len(part)), dtype=pl.Int64)
        fences.take(pl.DataFrame({"row": numbers, "loss": pl.Series(part, dtype=pl.Float64)}))
    fences.find(findings)
    return findings, fences.fence()


def test_the_worked_example_of_dbpm(tmp_path):
    """96 losses in .95-1.05, one .5, three 1.5: fences .803 and 1.321, one noisy, three faulty."""
    findings, fence = check(tmp_path, [*np.linspace(0.95, 1.05, 96), 0.5, 1.5, 1.5, 1.5])
    assert fence.mean == pytest.approx(1.01)
    assert fence.deviation == pytest.approx(0.1035, abs=5e-4)
    assert (fence.lower, fence.upper) == pytest.approx((0.803, 1.321), abs=1.5e-3)
    assert findings.counts["noisy_positive"] == 1
    assert findings.counts["faulty_positive"] == 3
    assert findings.first("noisy_positive")["row"].to_list() == [96]
    assert findings.first("faulty_positive")["row"].to_list() == [97, 98, 99]


def test_few_losses_are_not_checked_because_an_outlier_would_hide(tmp_path):
    findings, _ = check(tmp_path, [*np.linspace(0.9, 1.1, 9), 3.5])
    assert findings.counts["faulty_positive"] == 0
    assert "needs 50" in findings.unchecked["faulty_positive"]


def test_equal_losses_have_no_outliers(tmp_path):
    findings, _ = check(tmp_path, [0.1] * 1000)
    assert findings.counts["noisy_positive"] == findings.counts["faulty_positive"] == 0


scores = st.floats(-1, 1)


@given(st.lists(scores, min_size=1, max_size=5), st.lists(scores, min_size=1, max_size=5))
def test_a_loss_is_minus_log_softmax_among_the_negatives_of_the_query(own, others):
    columns = ("row", "score")
    positives = rows([(1, 1, n, 0, n, score) for n, score in enumerate(own)], *columns)
    negatives = rows([(1, 1, 100 + n, 0, n, score) for n, score in enumerate(others)], *columns)
    twice = pl.concat([negatives, negatives])  # a negative in two rows is one negative
    result = losses(positives, twice, {"score": 0.05}).sort("row")["loss"]
    logits = np.array(others) / 0.05
    expected = [np.logaddexp.reduce([s / 0.05, *logits]) - s / 0.05 for s in own]
    assert result.to_list() == pytest.approx(expected, abs=1e-9)


def test_without_a_negative_or_a_score_there_is_no_loss():
    positives = rows([(1, 1, 1, 0, 1, 0.5), (2, 2, 2, 0, 2, float("nan"))], "row", "score")
    negatives = rows([(2, 2, 3, 0, 2, 0.1)], "row", "score")
    assert losses(positives, negatives, {"score": 0.05}).height == 0
