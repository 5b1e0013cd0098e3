"""Likeness to positives and to the top of the list, against plain NumPy."""

import numpy as np
import pytest

from negmine.data.similarity import FEEDBACK, centroid_similarity, likeness
from negmine.models.products import pair_scores


def unit(rng, count, dims):
    rows = rng.standard_normal((count, dims))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_likeness_is_the_largest_and_the_mean_product_of_the_group():
    vectors = unit(np.random.default_rng(4), 50, 12)
    docs, offsets = np.array([1, 2, 3, 4, 5, 6]), np.array([0, 3, 5, 6])
    positives, positive_offsets = np.array([7, 8, 9]), np.array([0, 2, 3, 3])
    found = likeness(vectors, docs, offsets, positives, positive_offsets)
    products = vectors.astype(np.float64) @ vectors.astype(np.float64).T
    pairs = products[1:4][:, [7, 8]]
    single = products[4:6, 9]
    assert found.largest == pytest.approx([*pairs.max(1), *single, np.nan], abs=1e-7, nan_ok=True)
    assert found.mean == pytest.approx([*pairs.mean(1), *single, np.nan], abs=1e-7, nan_ok=True)


def test_a_document_is_exactly_like_itself():
    vectors = unit(np.random.default_rng(5), 200, 384)
    docs, offsets = np.arange(200), np.arange(201)
    found = likeness(vectors, docs, offsets, docs, offsets)
    assert np.array_equal(found.largest, pair_scores(vectors, vectors, docs, docs))


def test_the_centroid_is_that_of_the_best_twenty():
    rng = np.random.default_rng(6)
    vectors = unit(rng, 80, 8)
    docs, offsets = np.arange(80), np.array([0, 50, 80])
    scores = rng.random(80).astype(np.float32)
    found = centroid_similarity(vectors, docs, offsets, scores)
    for start, end in ((0, 50), (50, 80)):
        best = start + np.argsort(-scores[start:end])[:FEEDBACK]
        centroid = vectors[best].mean(axis=0)
        expected = vectors[start:end] @ (centroid / np.linalg.norm(centroid))
        assert found[start:end] == pytest.approx(expected, abs=1e-6)
