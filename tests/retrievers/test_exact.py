"""Exact search against NumPy brute force, ties and block sizes included."""

import builtins
import sys
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.errors import MissingDependency
from negmine.retrievers import exact


def unit(rng, rows, dims):
    vectors = rng.standard_normal((rows, dims)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


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
    hits = exact.search(queries, vectors, k, order, exact.knn("cpu"), block)
    docs, scores = brute_force(queries, vectors, k, order)
    assert np.array_equal(hits.docs, docs)
    assert np.array_equal(hits.scores, scores)


def test_a_tie_larger_than_the_spare_hits_is_searched_to_its_end():
    rng = np.random.default_rng(0)
    same = np.repeat(unit(rng, 1, 8), 500, axis=0)
    order = rng.permutation(500)
    hits = exact.search(same[:1], same, 10, order, exact.knn("cpu"))
    assert np.array_equal(hits.docs[0], np.argsort(order)[:10])


def test_nothing_to_search_or_nobody_asking():
    rng = np.random.default_rng(0)
    some = unit(rng, 3, 4)
    none = some[:0]
    assert exact.search(some, none, 5, np.arange(0), exact.knn("cpu")).docs.shape == (3, 0)
    assert exact.search(none, some, 5, np.arange(3), exact.knn("cpu")).docs.shape == (0, 3)


def test_pair_scores_are_the_numbers_that_search_gives():
    rng = np.random.default_rng(3)
    queries, documents = unit(rng, 9, 24), unit(rng, 300, 24)
    hits = exact.search(queries, documents, 20, np.arange(300), exact.knn("cpu"))
    rows = np.repeat(np.arange(9), 20)
    scores = exact.pair_scores(queries, documents, rows, hits.docs.ravel(), step=7)
    assert np.array_equal(scores, hits.scores.ravel())


def test_without_faiss_one_line_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name == "faiss":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingDependency) as told:
        exact.knn("cpu")
    assert "negmine[cpu]" in str(told.value)
    assert "negmine[gpu]" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_gpu_is_used_where_faiss_has_one_and_k_is_not_too_deep(monkeypatch):
    """The same seam with a FAISS that claims a GPU: results equal, calls told apart."""
    import faiss

    called = []

    def on(name):
        def find(*arguments, metric):
            called.append(name)
            queries, block, k = arguments[-3:]
            return faiss.knn(queries, block, k, metric=metric)

        return find

    fake = types.SimpleNamespace(
        METRIC_INNER_PRODUCT=faiss.METRIC_INNER_PRODUCT,
        get_num_gpus=lambda: 1,
        StandardGpuResources=object,
        knn_gpu=on("gpu"),
        knn=on("cpu"),
    )
    monkeypatch.setitem(sys.modules, "faiss", fake)
    rng = np.random.default_rng(6)
    queries, documents = unit(rng, 4, 8), unit(rng, 3000, 8)
    hits = exact.search(queries, documents, 10, np.arange(3000), exact.knn("auto"))
    docs, _ = brute_force(queries, documents, 10, np.arange(3000))
    assert np.array_equal(hits.docs, docs)
    assert set(called) == {"gpu"}
    exact.search(queries, documents, 2100, np.arange(3000), exact.knn("auto"))
    assert called[-1] == "cpu"
    called.clear()
    exact.search(queries, documents, 10, np.arange(3000), exact.knn("cpu"))
    assert set(called) == {"cpu"}
