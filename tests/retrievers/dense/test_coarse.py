"""bfloat16 proposals: search stays exact, and queries whose list is not certain go to float32."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.retrievers.dense import coarse, exact
from negmine.retrievers.dense.nearest import on_cpu
from tests.retrievers.dense.test_exact import brute_force, unit


@given(
    seed=st.integers(0, 1000),
    spread=st.sampled_from([1.0, 0.3, 0.01]),
    distinct=st.integers(100, 700),
    k=st.integers(1, 30),
)
def test_search_is_brute_force_however_close_the_scores_are(seed, spread, distinct, k):
    """A small spread makes all scores of a query equal in bfloat16."""
    rng = np.random.default_rng(seed)
    centre = unit(rng, 1, 16)
    documents = centre + spread * unit(rng, distinct, 16)
    documents = documents / np.linalg.norm(documents, axis=1, keepdims=True)
    documents = documents[rng.integers(0, distinct, 700)]
    queries, order = unit(rng, 6, 16), rng.permutation(700)
    hits = exact.search(queries, documents, k, order, on_cpu, coarse.on_cpu)
    docs, scores = brute_force(queries, documents, k, order)
    assert np.array_equal(hits.docs, docs)
    assert np.array_equal(hits.scores, scores)


def test_only_queries_whose_list_is_not_certain_are_searched_again():
    rng = np.random.default_rng(1)
    documents = unit(rng, 3000, 32)
    documents[:400] = documents[0]  # 400 equal ones: lists near to them are not certain
    queries = np.concatenate([documents[:1], unit(rng, 40, 32)])
    searched_again = []

    def fine(queries, documents, k):
        searched_again.append(len(queries))
        return on_cpu(queries, documents, k)

    hits = exact.search(queries, documents, 10, np.arange(3000), fine, coarse.on_cpu)
    assert searched_again
    assert searched_again[0] < len(queries)
    assert hits.docs[0].tolist() == list(range(10))


def test_documents_that_score_below_zero_go_to_float32():
    rng = np.random.default_rng(2)
    documents = unit(rng, 500, 8)
    query = -documents.sum(axis=0, keepdims=True)
    query /= np.linalg.norm(query)
    few = documents[(documents @ query[0]) < 0.05][:300]
    assert (coarse.on_cpu(query, few, 200) < 0).any()
    hits = exact.search(query, few, 100, np.arange(len(few)), on_cpu, coarse.on_cpu)
    assert np.array_equal(hits.docs, brute_force(query, few, 100, np.arange(len(few)))[0])


def test_bfloat16_products_of_unit_vectors_err_by_less_than_is_allowed():
    rng = np.random.default_rng(3)
    import torch

    for dims in (64, 384, 1024):
        queries, documents = unit(rng, 50, dims), unit(rng, 2000, dims)
        documents[:50] = queries + 0.2 * unit(rng, 50, dims)  # scores near 1 err the most
        documents /= np.linalg.norm(documents, axis=1, keepdims=True)
        product = torch.from_numpy(queries).bfloat16() @ torch.from_numpy(documents).bfloat16().T
        error = np.abs(product.float().numpy() - queries @ documents.T).max()
        assert error < coarse.CLOSE / 2


@pytest.mark.parametrize(
    ("flags", "long", "worth"),
    [("avx2 avx512_bf16", True, True), ("amx_bf16", True, True), ("avx2", True, False),
     ("avx2 avx512_bf16", False, False)],
)  # fmt: skip
def test_it_is_worth_it_on_a_processor_that_has_it_and_for_a_long_search(
    monkeypatch, flags, long, worth
):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(
        "pathlib.Path.read_text", lambda *_, **__: f"processor: 0\nflags : {flags}\n"
    )
    size = (10**6, 10**5) if long else (1000, 100)
    assert coarse.is_worth_it(*size, 384) is worth


def test_without_cpuinfo_there_is_no_bfloat16(monkeypatch):
    def nothing(*_, **__):
        raise OSError

    monkeypatch.setattr("pathlib.Path.read_text", nothing)
    assert not coarse.has_bfloat16()
