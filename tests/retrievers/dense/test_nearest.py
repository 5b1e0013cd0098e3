"""Proposals: the kernel against NumPy, blocks and order of documents, GPUs through a fake FAISS."""

import builtins
import sys
import types
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.errors import MissingDependency, SettingsError
from negmine.retrievers.dense import nearest
from tests.retrievers.dense.test_exact import unit


def sets(rows):
    return [set(row) for row in rows.tolist()]


def largest(queries, documents, k):
    products = queries.astype(np.float32) @ documents.astype(np.float32).T
    return sets(np.argsort(-products, axis=1, kind="stable")[:, :k])


@given(
    seed=st.integers(0, 1000),
    documents=st.integers(1, 1500),
    k=st.integers(1, 40),
    order=st.sampled_from(["any", "rising", "falling"]),
)
def test_a_proposal_holds_the_largest_products(seed, documents, k, order):
    """Rising: every document beats those before it, so every list overflows again and again."""
    rng = np.random.default_rng(seed)
    vectors, queries = unit(rng, documents, 6), unit(rng, 3, 6)
    if order != "any":
        by = np.argsort(vectors @ queries[0])
        vectors = vectors[by if order == "rising" else by[::-1]]
    k = min(k, documents)
    assert sets(nearest.on_cpu(queries, vectors, k, products=0)) == largest(queries, vectors, k)


def test_equal_products_fill_a_list_with_distinct_documents():
    same = np.tile(np.float32([[1.0, 0.0]]), (900, 1))
    rows = nearest.on_cpu(same[:2], same, 7, products=0)
    assert [len(row) for row in sets(rows)] == [7, 7]


def test_a_gpu_searches_its_share_of_every_block(monkeypatch):
    """A fake FAISS with two GPUs: the shares, the merge, and depths that GPUs do not return."""
    import faiss

    called = []

    def on_gpu(resources, queries, block, k, metric, device):
        assert queries.dtype == block.dtype
        called.append((device, len(block)))
        return faiss.knn(queries.astype(np.float32), block.astype(np.float32), k, metric=metric)

    fake = types.SimpleNamespace(
        METRIC_INNER_PRODUCT=faiss.METRIC_INNER_PRODUCT,
        get_num_gpus=lambda: 2,
        StandardGpuResources=object,
        knn_gpu=on_gpu,
    )
    monkeypatch.setitem(sys.modules, "faiss", fake)
    monkeypatch.setattr(nearest, "GPU_BLOCK", 2 * 1000 * 8 * 4)  # a thousand documents for each
    rng = np.random.default_rng(6)
    queries, documents = unit(rng, 4, 8), unit(rng, 2500, 8)
    propose = partial(nearest.on_gpus, nearest.gpus("auto"))
    assert sets(propose(queries, documents, 10)) == largest(queries, documents, 10)
    assert sorted(called) == [(0, 500), (0, 1000), (1, 1000)]
    called.clear()
    half = documents.astype(np.float16)
    assert sets(propose(queries, half, 10)) == largest(queries.astype(np.float16), half, 10)
    assert sum(rows for _, rows in called) == 2 * len(half) // 2
    called.clear()
    assert propose(queries, documents, 2100).shape == (4, 2100)
    assert nearest.gpus("cpu") == []
    assert not called


def test_a_missing_faiss_is_an_error_that_names_the_extras(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name == "faiss":
            raise ModuleNotFoundError(name=name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    assert nearest.gpus("auto") == []
    with pytest.raises(MissingDependency) as error:
        nearest.check_gpu()
    assert "negmine[cpu]" in str(error.value)
    assert "negmine[gpu]" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_faiss_without_gpus_is_an_error():
    with pytest.raises(SettingsError, match="FAISS sees no GPU"):
        nearest.check_gpu()
    assert nearest.gpus("cuda") == []


def test_a_faiss_that_does_not_load_is_an_error_that_says_why(monkeypatch):
    """As faiss-gpu without CUDA's libraries: its import raises RuntimeError."""
    real = builtins.__import__

    def broken(name, *rest):
        if name == "faiss":
            raise RuntimeError("faiss-gpu installed but nvidia-cublas-cu12 is missing")
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(builtins, "__import__", broken)
    assert nearest.gpus("auto") == []
    with pytest.raises(
        MissingDependency, match="does not load: faiss-gpu installed but nvidia-cublas"
    ):
        nearest.check_gpu()
