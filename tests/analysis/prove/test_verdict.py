"""The sentences on differences: each names the lead that it is about."""

import numpy as np

from negmine.analysis.prove.compare import difference
from negmine.analysis.prove.verdict import of_seeds, sentences

NOISE = np.random.default_rng(5).normal(0, 0.1, (1, 400))


def lead(mean):
    gain = NOISE - NOISE.mean() + mean
    return difference(gain, np.zeros_like(gain), np.arange(400))


def test_the_lead_that_hardly_matters_is_named_and_is_not_the_found_one():
    said = " ".join(sentences(["a", "b", "c"], [lead(0.05), lead(0.0001)], 400, 60, False))
    assert "a has the highest mean. It is better than b. Against c" in said
    assert "may be chance (c: +0.01" in said and "The lead of a over c is so small" in said


def test_where_every_lead_is_found_nothing_hardly_matters():
    said = sentences(["a", "b"], [lead(0.05)], 400, 60, False)
    assert len(said) == 1 and said[0].startswith("a is best: +5.00")


def test_one_seed_knows_nothing_of_seeds():
    assert "one seed" in of_seeds(1)[0] and of_seeds(2) == []
