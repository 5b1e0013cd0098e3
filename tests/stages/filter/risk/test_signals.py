"""Signals, by hand: places in the query's own pool, the same for every scale of the score."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.filter.risk import signals
from negmine.stages.filter.risk.signals import Evidence

DENSE = [0.8, 0.6, 0.9, 0.5, 0.4, 0.1]
BM25 = [4.0, 2.0, 6.0, 0.0, 3.0, 9.0]

BOTH = Evidence(["bm25", "dense"], has_vectors=True, sums=["bm25"])
ALONE = Evidence(["dense"], has_vectors=True)


def rows(dense=DENSE, bm25=BM25, labels=("positive", "positive", *["unlabeled"] * 4)):
    count = len(dense)
    return pl.DataFrame(
        {
            "query_id": ["q"] * count,
            "label": labels,
            "dense_score": pl.Series(dense, dtype=pl.Float32),
            "bm25_score": pl.Series(bm25, dtype=pl.Float32),
            "positive_similarity": pl.Series(np.linspace(0.9, 0.1, count), dtype=pl.Float32),
            "positive_similarity_mean": pl.Series(np.linspace(0.8, 0.0, count), dtype=pl.Float32),
            "centroid_similarity": pl.Series(np.linspace(0.5, 0.6, count), dtype=pl.Float32),
            "owner_query_similarity": pl.Series([None] * (count - 1) + [0.7], dtype=pl.Float32),
        }
    )


def test_by_hand():
    found = signals.with_signals(rows(), BOTH)
    pool = np.array(DENSE[2:])
    z = (np.array(DENSE) - pool.mean()) / pool.std()
    assert found["dense_z"].to_list() == pytest.approx(z.tolist(), abs=1e-5)
    assert found["dense_gap"].to_list() == pytest.approx(
        ((np.array(DENSE) - 0.6) / pool.std()).tolist(), abs=1e-5
    )
    ranks = [math.log1p(rank) for rank in (1, 2, 3, 4)]
    assert found["dense_log_rank"].to_list() == pytest.approx([None, None, *ranks])
    assert found["dense_ratio"].to_list() == pytest.approx([s / 0.6 for s in DENSE], rel=1e-5)
    assert found["bm25_log_ratio"].to_list() == pytest.approx([math.log1p(s / 3.0) for s in BM25])
    assert found["owner_similarity"].to_list() == pytest.approx([0.0] * 5 + [0.7], rel=1e-6)


@given(st.floats(0.1, 10), st.floats(-3, 3))
def test_scale_and_shift_of_a_score_change_no_learned_signal(scale, shift):
    names = [name for name in signals.names(ALONE) if name.startswith("dense")]
    plain = signals.with_signals(rows(), ALONE).select(names)
    moved = signals.with_signals(rows([scale * s + shift for s in DENSE]), ALONE).select(names)
    assert moved.fill_null(0).to_numpy() == pytest.approx(plain.fill_null(0).to_numpy(), abs=1e-3)


def test_what_cannot_be_told_is_null_not_infinite():
    flat = signals.with_signals(rows([0.5] * 6, [0.0] * 6), BOTH)
    assert flat["dense_z"].null_count() == 6
    assert flat["bm25_log_ratio"].null_count() == 6
    lonely = signals.with_signals(rows(labels=["unlabeled"] * 6), ALONE)
    assert lonely["dense_gap"].null_count() == 6


def test_queries_do_not_mix():
    two = pl.concat([rows(), rows([s / 2 for s in DENSE]).with_columns(query_id=pl.lit("r"))])
    found = signals.with_signals(two, BOTH)
    alone = signals.with_signals(rows(), BOTH)
    assert found.head(6).equals(alone)


def test_every_signal_that_is_named_is_made():
    found = signals.with_signals(rows(), BOTH).columns
    assert set(signals.names(BOTH)) <= set(found)
    assert set(signals.limited(BOTH)) <= set(found)
