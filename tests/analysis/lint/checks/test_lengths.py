"""The area under the ROC curve of lengths, against brute force."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.lint.checks.lengths import Lengths
from negmine.analysis.lint.occurrences import NEGATIVE, POSITIVE
from negmine.data.auc import area_of_counts


@given(st.lists(st.integers(0, 5), min_size=1), st.lists(st.integers(0, 5), min_size=1))
def test_the_area_is_the_chance_that_a_positive_is_longer(positives, negatives):
    counts = [np.bincount(values, minlength=6) for values in (positives, negatives)]
    wins = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    assert area_of_counts(*counts) == pytest.approx(np.mean(wins))
    assert area_of_counts(*counts[::-1]) == pytest.approx(1 - np.mean(wins))


def test_lengths_add_up_over_batches():
    lengths = Lengths()
    for role, characters in ((POSITIVE, [5] * 40), (NEGATIVE, [5] * 20), (NEGATIVE, [9] * 20)):
        rows = pl.DataFrame({"role": [role] * len(characters), "characters": characters})
        lengths.take(rows.cast({"role": pl.UInt8, "characters": pl.UInt32}))
    assert lengths.statistics() == {"auc": 0.25, "median_positive": 5, "median_negative": 5}


def test_without_texts_there_is_no_area():
    nothing = {"auc": None, "median_positive": None, "median_negative": None}
    assert Lengths().statistics() == nothing
