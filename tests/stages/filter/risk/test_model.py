"""The model: cross-fitting, blending, correction; nothing of a query reaches its own risk."""

import numpy as np
import polars as pl
import pytest

from negmine.stages.filter.risk import blend as learned
from negmine.stages.filter.risk.model import Model, fit, labelled_share, probability
from negmine.stages.filter.risk.shipped import from_json, read, shipped, to_json

NAMES = ["near", "noise", "empty"]


def data(queries=60, each=30, seed=0):
    """Return query ids, signals, hidden: hidden rows are nearer by two standard deviations."""
    rng = np.random.default_rng(seed)
    ids = pl.Series("query_id", np.repeat([f"q{n}" for n in range(queries)], each))
    hidden = rng.random(len(ids)) < 0.1
    near = rng.standard_normal(len(ids)) + 2 * hidden
    noise = rng.standard_normal(len(ids))
    return ids, np.stack([near, noise, np.full(len(ids), np.nan)], axis=1), hidden


OURS = learned.Shipped(
    "mine", Model(("near",), np.zeros(1), np.ones(1), np.array([1.0]), -2.0), 0.4
)


def test_folds_never_share_a_query_and_are_about_the_same_size():
    ids, _, _ = data(500)
    fold = learned.folds(ids)
    one = (
        pl.DataFrame({"query_id": ids, "fold": fold})
        .group_by("query_id")
        .agg(pl.col("fold").n_unique())
    )
    assert one["fold"].max() == 1
    sizes = np.bincount(fold, minlength=learned.FOLDS)
    assert sizes.min() > 0.7 * sizes.mean()


@pytest.mark.parametrize("ours", [None, OURS])
def test_a_querys_hidden_labels_do_not_touch_its_own_risk(ours):
    """The test that catches leakage: swap one fold's labels, and its risks stay as they are."""
    ids, signals, hidden = data()
    fold = learned.folds(ids)
    here = (ids == ids[0]).to_numpy()
    swapped = np.where(here, ~hidden, hidden)
    risks = [
        learned.out_of_fold(
            learned.cross_fit(signals, labels, fold, NAMES, ours),
            signals,
            fold,
            NAMES,
        )[1]
        for labels in (hidden, swapped)
    ]
    assert np.array_equal(risks[0][here], risks[1][here])
    others = fold != fold[0]
    assert not np.array_equal(risks[0][others], risks[1][others])


def test_the_same_rows_give_the_same_numbers():
    ids, signals, hidden = data()
    fold = learned.folds(ids)
    one, two = (learned.cross_fit(signals, hidden, fold, NAMES, OURS) for _ in range(2))
    assert np.array_equal(
        learned.out_of_fold(one, signals, fold, NAMES)[1],
        learned.out_of_fold(two, signals, fold, NAMES)[1],
    )


def test_evidence_moves_the_blend_from_shipped_to_own():
    ids, signals, hidden = data(400)
    fold = learned.folds(ids)
    few = np.flatnonzero(hidden)[:20]
    little = np.zeros_like(hidden)
    little[few] = True
    much = learned.cross_fit(signals, hidden, fold, NAMES, OURS)
    some = learned.cross_fit(signals, little, fold, NAMES, OURS)
    assert np.mean([b.share for b in much]) > 0.85
    assert np.mean([b.share for b in some]) < 0.2
    for weights, share in (("own", 1.0), ("shipped", 0.0)):
        found = learned.cross_fit(signals, hidden, fold, NAMES, OURS, weights)
        assert [b.share for b in found] == [share] * learned.FOLDS
    nothing = learned.cross_fit(signals, np.zeros_like(hidden), fold, NAMES, OURS)
    assert [b.labelled_share for b in nothing] == [0.4] * learned.FOLDS
    assert fit(signals, np.zeros_like(hidden), NAMES) is None


def test_the_correction_reads_as_a_probability():
    """Half of the relevant documents are labelled: p is half of what it should be, p / c is right."""
    rng = np.random.default_rng(3)
    count = 40_000
    relevant = rng.random(count) < 0.2
    signals = np.where(relevant, 6.0, 0.0)[:, None] + rng.standard_normal((count, 1))
    hidden = relevant & (rng.random(count) < 0.5)
    ids = pl.Series("query_id", np.repeat([f"q{n}" for n in range(400)], 100))
    fold = learned.folds(ids)
    blends = learned.cross_fit(signals, hidden, fold, ["near"], None)
    assert np.mean([b.labelled_share for b in blends]) == pytest.approx(0.5, abs=0.05)
    _, risk = learned.out_of_fold(blends, signals, fold, ["near"])
    assert risk[relevant].mean() > 0.8
    assert risk[~relevant].mean() == pytest.approx(0.0, abs=0.03)


def test_labelled_share_is_the_mean_probability_of_hidden_positives():
    odds = np.array([0.0, np.log(3)])
    assert labelled_share(probability(odds)) == pytest.approx((0.5 + 0.75) / 2)


def test_unknown_signals_count_as_their_mean():
    model = Model(
        ("a", "b"), np.array([1.0, 2.0]), np.array([2.0, 1.0]), np.array([3.0, 1.0]), -1.0
    )
    found = model.log_odds(np.array([[5.0, 2.0], [np.nan, 4.0]]), ["a", "b"])
    assert found == pytest.approx([3 * 2 - 1, 2 - 1])
    assert model.log_odds(np.array([[4.0], [2.0]]), ["b"]) == pytest.approx([1.0, -1.0])


def test_shipped_weights_read_back_as_they_were_written():
    for name in ("bm25+dense", "dense", "bm25"):
        stored = read()["models"][name]
        again = to_json(from_json(stored))
        assert again == {key: stored[key] for key in again}
    assert shipped(["dense", "bm25"]).name == "bm25+dense"
    assert shipped(["my_search", "dense"]).name == "dense"
    assert shipped(["my_search"]) is None
    assert read()["collections"]
    assert min(read()["models"]["bm25+dense"]["auc_on_unseen_collections"].values()) > 0.7


def test_shipped_weights_of_dense_are_those_of_the_first_model_whatever_its_name():
    named, plain = shipped(["bm25", "e5", "dense_2"], "e5"), shipped(["bm25", "dense"])
    assert named.name == "bm25+dense"
    assert [name.replace("e5_", "dense_") for name in named.model.names] == [*plain.model.names]
    assert "e5_z" in named.model.names
    assert named.model.weight.tolist() == plain.model.weight.tolist()
    assert shipped(["e5", "dense"], "e5").model.names[0] == "e5_z"
    assert shipped(["bm25", "dense"], None).name == "bm25"
