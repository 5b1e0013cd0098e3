"""Exact search against NumPy brute force, ties and block sizes included."""

from functools import partial

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from negmine.models.products import pair_scores
from negmine.retrievers.dense import exact
from negmine.retrievers.dense.nearest import on_cpu


def unit(rng, rows, dims):
    vectors = rng.standard_normal((rows, dims)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def in_blocks(block, queries):
    """Propose with blocks of so many documents (256 at least)."""
    return partial(on_cpu, products=4 * block * queries)


def brute_force(queries, documents, k, order):
    scores = (queries.astype(np.float64) @ documents.astype(np.float64).T).astype(np.float32)
    keys = np.broadcast_to(order, scores.shape)
    ranked = np.lexsort((keys, -scores), axis=1)[:, :k]
    return ranked, np.take_along_axis(scores, ranked, axis=1)


@given(
    seed=st.integers(0, 10_000),
    documents=st.integers(1, 60),
    distinct=st.integers(1, 60),
    k=st.integers(1, 70),
    block=st.integers(1, 70),
    half=st.booleans(),
)
def test_search_is_brute_force_whatever_the_blocks(seed, documents, distinct, k, block, half):
    """Few distinct vectors make many exact ties, which go by `doc_order`."""
    rng = np.random.default_rng(seed)
    vectors = unit(rng, distinct, 8)[rng.integers(0, distinct, documents)]
    vectors = vectors.astype(np.float16) if half else vectors
    queries, order = unit(rng, 5, 8), rng.permutation(documents)
    hits = exact.search(queries, vectors, k, order, in_blocks(block, 5))
    docs, scores = brute_force(queries, vectors, k, order)
    assert np.array_equal(hits.docs, docs)
    assert np.array_equal(hits.scores, scores)


def test_a_tie_larger_than_the_spare_hits_is_searched_to_its_end():
    rng = np.random.default_rng(0)
    same = np.repeat(unit(rng, 1, 8), 500, axis=0)
    order = rng.permutation(500)
    hits = exact.search(same[:1], same, 10, order, on_cpu)
    assert np.array_equal(hits.docs[0], np.argsort(order)[:10])


def test_nothing_to_search_or_nobody_asking():
    rng = np.random.default_rng(0)
    some = unit(rng, 3, 4)
    none = some[:0]
    assert exact.search(some, none, 5, np.arange(0), on_cpu).docs.shape == (3, 0)
    assert exact.search(none, some, 5, np.arange(3), on_cpu).docs.shape == (0, 3)


def test_pair_scores_are_the_numbers_that_search_gives():
    rng = np.random.default_rng(3)
    queries, documents = unit(rng, 9, 24), unit(rng, 300, 24)
    hits = exact.search(queries, documents, 20, np.arange(300), on_cpu)
    rows = np.repeat(np.arange(9), 20)
    scores = pair_scores(queries, documents, rows, hits.docs.ravel())
    assert np.array_equal(scores, hits.scores.ravel())
