"""Every path that runs on a GPU, on a real one: encoders, cross-encoder, halving, --devices, FAISS, prove."""

import numpy as np
import polars as pl
import pytest
import torch

import negmine
from negmine.engine.progress import Silent
from negmine.retrievers.dense import approximate, nearest
from negmine.retrievers.faiss_index.build import build
from negmine.retrievers.faiss_index.trial import Wanted
from negmine.storage.digests import Digests
from tests.models.encoders import encoder_of
from tests.models.tiny import WORDS, bert_model, cross_encoder
from tests.retrievers.dense.test_exact import unit
from tests.retrievers.dense.test_nearest import largest, sets

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
needs_faiss = pytest.mark.skipif(not nearest.count_gpus(), reason="FAISS sees no GPU")


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return bert_model(tmp_path_factory.mktemp("bert"))


def texts(count, least=1, most=20):
    rng = np.random.default_rng(3)
    return [" ".join(rng.choice(WORDS, rng.integers(least, most + 1))) for _ in range(count)]


def vectors(folder, tmp_path, given, notes=None, **settings):
    encoder = encoder_of(Digests(tmp_path / "digests.json"), model=str(folder), **settings)
    encoded = encoder.work("document", (notes if notes is not None else []).append)(given)
    places, rows = zip(*encoded, strict=True)
    return np.concatenate(rows)[np.argsort(np.concatenate(places))]


def test_vectors_of_the_gpu_are_those_of_the_cpu(bert, tmp_path):
    given = texts(200)
    expected = vectors(bert, tmp_path, given, device="cpu")
    assert np.allclose(vectors(bert, tmp_path, given, device="cuda"), expected, atol=1e-4)
    half = vectors(bert, tmp_path, given, device="cuda", dtype="auto")
    assert (np.einsum("ij,ij->i", half, expected) > 0.95).all()  # bfloat16, random weights


def test_two_processes_on_gpus_give_what_one_gives(bert, tmp_path):
    given = texts(300)
    one = vectors(bert, tmp_path, given, device="cuda")
    assert np.allclose(vectors(bert, tmp_path, given, devices="cuda:0,cuda:0"), one, atol=1e-5)


def test_a_gpu_that_runs_out_of_memory_reads_smaller_batches(bert, tmp_path):
    given, notes = texts(20_000, 50, 50), []  # of one length: one batch
    expected = vectors(bert, tmp_path, given, device="cuda", batch_size=64)
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved()
    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((before + (48 << 20)) / whole)
    try:
        halved = vectors(bert, tmp_path, given, notes, device="cuda", batch_size=20_000)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert notes
    assert "ran out of memory" in notes[0]
    assert np.allclose(halved, expected, atol=1e-4)


@needs_faiss
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("k", [10, 2100])
def test_proposals_of_faiss_hold_the_largest_products(monkeypatch, dtype, k):
    monkeypatch.setattr(nearest, "GPU_BLOCK", 1 << 16)
    rng = np.random.default_rng(6)
    queries, documents = unit(rng, 8, 32), unit(rng, 4000, 32).astype(dtype)
    queries = queries.astype(dtype).astype(np.float32)
    rows = nearest.on_gpus(nearest.gpus("cuda"), queries, documents, k)
    overlap = [
        len(own & best) / k
        for own, best in zip(sets(rows), largest(queries, documents, k), strict=True)
    ]
    assert min(overlap) > 0.99


@needs_faiss
@pytest.mark.parametrize("factory", ["IVF16,Flat", "IVF16,SQ8", "IVF16,PQ8", "Flat", "HNSW16"])
def test_an_approximate_index_finds_on_the_gpu_what_it_finds_on_the_cpu(tmp_path, factory):
    """HNSW has no GPU kind: it is searched by the cores."""
    rng = np.random.default_rng(7)
    documents, queries, order = unit(rng, 3000, 32), unit(rng, 20, 32), rng.permutation(3000)
    build(documents, Wanted(factory), tmp_path, Silent())
    parameters = {"nprobe": 16} if "IVF" in factory else {}
    on_gpu = approximate.Approximate(tmp_path, parameters, "cuda")
    assert (on_gpu.index.gpu is None) == (factory == "HNSW16")
    hits = on_gpu.search(queries, documents, 20, order)
    expected = approximate.Approximate(tmp_path, parameters, "cpu").search(
        queries, documents, 20, order
    )
    same = [
        len(set(a) & set(b))
        for a, b in zip(hits.docs.tolist(), expected.docs.tolist(), strict=True)
    ]
    assert np.mean(same) > 18


@pytest.mark.parametrize(
    "more", [{}, pytest.param({"index": "IVF4,Flat", "nprobe": 4}, marks=needs_faiss)]
)
def test_a_whole_run_on_the_gpu_has_the_candidates_of_one_on_the_cpu(bert, beir, tmp_path, more):
    reranker = cross_encoder(tmp_path / "reranker")
    found = {}
    for device in ("cpu", "cuda"):
        flags = {
            "data": beir,
            "model": str(bert),
            "device": device,
            "k": 10,
            "rerank_model": str(reranker),
        }
        negmine.mine(tmp_path / device, guide_model=str(bert), **flags, **more)
        rows = pl.read_parquet(tmp_path / device / "2-retrieve/candidates/*.parquet")
        found[device] = rows.sort("query_id", "doc_id")
    assert found["cpu"]["doc_id"].equals(found["cuda"]["doc_id"])
    scores = [rows["dense_score"].to_numpy() for rows in found.values()]
    assert np.allclose(*scores, atol=1e-4, equal_nan=True)
