"""The statistics against worked examples and against brute force."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.lint.checks.batch_conflicts import Sample, masks
from negmine.analysis.lint.checks.by_text import Hubs
from negmine.analysis.lint.checks.lengths import Lengths, area
from negmine.analysis.lint.checks.losses import Fences, losses
from negmine.analysis.lint.findings import Findings

KEY = {"qa": pl.UInt64, "qb": pl.UInt64, "da": pl.UInt64, "db": pl.UInt64}


def fences(folder, values):
    found, made = Findings(20), Fences(folder, 2)
    for start in range(0, len(values), 40):
        part = values[start : start + 40]
        rows = pl.Series(range(start, start + len(part)), dtype=pl.Int64)
        made.take(pl.DataFrame({"row": rows, "loss": pl.Series(part, dtype=pl.Float64)}))
    made.tell(found)
    return found, made


def test_the_worked_example_of_dbpm(tmp_path):
    """96 losses in .95-1.05, one .5, three 1.5: fences .803 and 1.321, one noisy, three faulty."""
    values = [*np.linspace(0.95, 1.05, 96), 0.5, 1.5, 1.5, 1.5]
    found, made = fences(tmp_path, values)
    mean, deviation, low, high = made.limits()
    assert mean == pytest.approx(1.01)
    assert deviation == pytest.approx(0.1035, abs=5e-4)
    assert (low, high) == pytest.approx((0.803, 1.321), abs=1.5e-3)
    assert found.counts["noisy_positive"] == 1
    assert found.counts["faulty_positive"] == 3
    assert found.first("noisy_positive")["row"].to_list() == [96]
    assert found.first("faulty_positive")["row"].to_list() == [97, 98, 99]


def test_few_losses_say_nothing_because_an_outlier_would_hide(tmp_path):
    found, _ = fences(tmp_path, [*np.linspace(0.9, 1.1, 9), 3.5])
    assert found.counts["faulty_positive"] == 0
    assert "needs 50" in found.unchecked["faulty_positive"]


def test_equal_losses_have_no_tails(tmp_path):
    found, _ = fences(tmp_path, [0.1] * 1000)
    assert found.counts["noisy_positive"] == found.counts["faulty_positive"] == 0


def pairs(rows):
    columns = ("qa", "qb", "da", "db", "row", "score")
    return pl.DataFrame(rows, schema=columns, orient="row").cast(KEY)


scores = st.floats(-1, 1)


@given(st.lists(scores, min_size=1, max_size=5), st.lists(scores, min_size=1, max_size=5))
def test_a_loss_is_minus_log_softmax_among_the_querys_negatives(own, others):
    positives = pairs([(1, 1, n, 0, n, s) for n, s in enumerate(own)])
    negatives = pairs([(1, 1, 100 + n, 0, n, s) for n, s in enumerate(others)])
    twice = pl.concat([negatives, negatives])  # a negative in two rows is one negative
    found = losses(positives, twice, {"score": 0.05}).sort("row")["loss"]
    logits = np.array(others) / 0.05
    expected = [np.logaddexp.reduce([s / 0.05, *logits]) - s / 0.05 for s in own]
    assert found.to_list() == pytest.approx(expected, abs=1e-9)


def test_without_a_negative_or_a_score_there_is_no_loss():
    positives = pairs([(1, 1, 1, 0, 1, 0.5), (2, 2, 2, 0, 2, float("nan"))])
    negatives = pairs([(2, 2, 3, 0, 2, 0.1)])
    assert losses(positives, negatives, {"score": 0.05}).height == 0


def test_the_worked_example_of_gistembed():
    """Three rows; ties stay; diagonals of q-q and p-p are the texts themselves."""
    qp = np.array([[0.80, 0.40, 0.85], [0.30, 0.70, 0.20], [0.10, 0.75, 0.60]])
    qn = np.array([[0.79, 0.81, 0.10], [0.70, 0.71, 0.69], [0.61, 0.60, 0.59]])
    qq, pp = np.eye(3), np.eye(3)
    for (i, j), value in {(0, 1): 0.50, (0, 2): 0.82, (1, 2): 0.65}.items():
        qq[i, j] = qq[j, i] = value
    for (i, j), value in {(0, 1): 0.81, (0, 2): 0.10, (1, 2): 0.30}.items():
        pp[i, j] = pp[j, i] = value
    found = {
        name: set(zip(*map(list, np.nonzero(m)), strict=True))
        for name, m in masks(qp, qn, qq, pp).items()
    }
    assert found == {
        "qp": {(0, 2), (2, 1)},
        "qn": {(0, 1), (1, 1), (2, 0)},
        "qq": {(0, 2), (2, 0), (2, 1)},
        "pp": {(0, 1), (1, 0)},
    }


def sampled(sizes, size, batch):
    rows = pl.DataFrame({"row": pl.Series(range(sum(sizes)), dtype=pl.Int64)}).with_columns(
        query=pl.lit("q"), loose=pl.lit(False), positives=pl.lit(["p"]), negatives=pl.lit(["n"])
    )
    sample, start = Sample(size), 0
    for many in sizes:
        sample.take(rows[start : start + many])
        start += many
    return [part["row"].to_list() for part in sample.batches(batch)]


@given(st.lists(st.integers(0, 20), max_size=5))
def test_a_sample_does_not_depend_on_how_rows_come_and_has_each_once(sizes):
    found = sampled(sizes, 12, 4)
    assert found == sampled([sum(sizes)], 12, 4)
    flat = [row for part in found for row in part]
    assert len(flat) == len(set(flat)) <= 12
    assert (len(found) > 0) == (sum(sizes) > 1)
    assert all(len(part) == min(4, sum(sizes)) for part in found)


@given(st.lists(st.integers(0, 5), min_size=1), st.lists(st.integers(0, 5), min_size=1))
def test_the_area_is_the_chance_that_a_positive_is_longer(positives, negatives):
    counts = [np.bincount(values, minlength=6) for values in (positives, negatives)]
    wins = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    assert area(*counts) == pytest.approx(np.mean(wins))
    assert area(*counts[::-1]) == pytest.approx(1 - np.mean(wins))


def test_lengths_add_up_over_batches():
    lengths = Lengths()
    for role, chars in ((1, [5] * 40), (2, [5] * 20), (2, [9] * 20)):
        rows = pl.DataFrame({"role": [role] * len(chars), "chars": chars})
        lengths.take(rows.cast({"role": pl.UInt8, "chars": pl.UInt32}))
    assert lengths.about() == {"auc": 0.25, "median_positive": 5, "median_negative": 5}
    assert Lengths().about() == {"auc": None, "median_positive": None, "median_negative": None}


def uses(counts):
    rows = [(q, q, d, d, 2, q, 1) for d, many in enumerate(counts) for q in range(many)]
    columns = ("qa", "qb", "da", "db", "role", "row", "slot")
    return pl.DataFrame(rows, schema=columns, orient="row").cast(KEY)


@pytest.mark.parametrize(
    ("counts", "hubs"),
    [
        ([1] * 99 + [12], 12),  # far above all others
        ([1] * 99 + [9], 0),  # fewer than ten queries
        ([12] * 100, 0),  # all alike: a small corpus, no hub
        ([1] * 98 + [12, 15], 27),
    ],
)
def test_hubs_are_far_above_all_others(counts, hubs):
    found, watch = Findings(20), Hubs(10)
    rows = uses(counts)
    half = [rows.filter(pl.col("da") % 2 == parity) for parity in (0, 1)]
    for part in half:
        watch.take(part)
    watch.tell(found, iter([[part] for part in half]))
    assert found.counts["hub_negative"] == hubs
