"""Exact MaxSim search: against brute force, in blocks of any size, with ties and texts without a token."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from negmine.data.ragged import Ragged
from negmine.models.maxsim import maxsim
from negmine.retrievers.late import exact
from tests.models.ragged import brute, collections, tokens


def order_of(documents, seed):
    return np.random.default_rng(seed).permutation(len(documents))


def expected(queries, documents, order, k):
    """Return docs and scores by the scores of all pairs, sorted."""
    rows = np.repeat(np.arange(len(queries)), len(documents))
    docs = np.tile(np.arange(len(documents)), len(queries))
    scores = maxsim(queries, documents, rows, docs).reshape(len(queries), len(documents))
    filled = np.flatnonzero(np.diff(documents.offsets))
    lists = []
    for row in range(len(queries)):
        ids = filled if queries.offsets[row] < queries.offsets[row + 1] else filled[:0]
        best = ids[np.lexsort((order[ids], -scores[row, ids]))][:k]
        lists.append((best.tolist(), scores[row, best].tolist()))
    return lists


def as_lists(hits):
    is_hit = hits.docs >= 0
    assert np.array_equal(is_hit, np.isfinite(hits.scores))
    return [
        (docs[real].tolist(), scores[real].tolist())
        for docs, scores, real in zip(hits.docs, hits.scores, is_hit, strict=True)
    ]


@given(
    collections(), st.integers(1, 12), st.integers(0, 99), st.integers(1, 20), st.integers(4, 400)
)
@example(
    (tokens(np.random.default_rng(1), [0]), tokens(np.random.default_rng(1), [0, 0])), 1, 0, 1, 4
)
def test_hits_are_those_of_all_pairs_sorted_whatever_the_blocks(
    collection, k, seed, at_once, products
):
    queries, documents = collection
    order = order_of(documents, seed)
    hits = exact.search(queries, documents, k, order, products, at_once)
    assert hits.docs.shape == hits.scores.shape == (len(queries), k)
    assert as_lists(hits) == expected(queries, documents, order, k)


@pytest.mark.parametrize("spare", [0, 3])
def test_close_scores_are_searched_again_deeper(monkeypatch, spare):
    """A hundred documents of equal score: the first proposal cannot tell which are first by doc_id."""
    monkeypatch.setattr(exact, "SPARE", spare)
    rng = np.random.default_rng(5)
    one = tokens(rng, [6], 16)
    documents = Ragged(np.arange(101) * 6, np.tile(one.values, (100, 1)))
    queries, order = tokens(rng, [4, 9], 16), order_of(documents, 7)
    hits = exact.search(queries, documents, 5, order, tokens=50)
    first = np.argsort(order)[:5].tolist()
    assert hits.docs.tolist() == [first, first]


def test_vectors_of_any_length_are_compared_as_they_are():
    """How close is too close grows with the vectors: products of long ones have larger errors."""
    rng = np.random.default_rng(6)
    queries, one = tokens(rng, [5] * 6, 64, np.float32), tokens(rng, [9], 64, np.float32)
    noise = 1 + rng.uniform(0, 3e-7, (300, 9, 64))
    values = (one.values * 1e4 * noise).astype(np.float32).reshape(-1, 64)
    documents = Ragged(np.arange(301) * 9, values)
    order = order_of(documents, 1)
    hits = exact.search(queries, documents, 20, order)
    assert as_lists(hits) == expected(queries, documents, order, 20)


def test_random_vectors_against_brute_force():
    rng = np.random.default_rng(4)
    queries, documents = (tokens(rng, rng.integers(0, 12, n), 48) for n in (7, 120))
    hits = exact.search(queries, documents, 10, order_of(documents, 2), tokens=100)
    truth = brute(queries, documents)
    for row, (docs, scores) in enumerate(as_lists(hits)):
        assert np.allclose(truth[row, docs], scores, atol=1e-5)
        rest = np.setdiff1d(np.flatnonzero(np.diff(documents.offsets)), docs)
        assert not docs or truth[row, rest].max() <= min(scores) + 1e-5
