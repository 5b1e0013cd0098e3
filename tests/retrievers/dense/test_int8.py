"""--vector-dtype int8: the codes of sentence-transformers, read as the vectors that they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.errors import CorruptArtifact
from negmine.models.products import pair_scores
from negmine.retrievers.dense import exact, nearest
from negmine.retrievers.dense.int8 import Int8Rows, coded, make_int8, open_documents, steps_of
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, write_beir, write_vectors


def mine(work, data, **flags):
    given = {"retriever": ["dense"], "device": "cpu", "vector_dtype": "int8"} | flags
    return negmine.mine(work, data=data, **given)


def candidates(work):
    return Workdir(work).scan("2-retrieve/candidates").collect()


def unit_rows(rows, dims, seed=1):
    vectors = np.random.default_rng(seed).standard_normal((rows, dims)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def saved(folder, vectors):
    folder.mkdir()
    np.save(folder / "documents.npy", vectors)
    make_int8(folder / "documents.npy")
    return folder


def test_the_codes_are_those_of_sentence_transformers(tmp_path):
    from sentence_transformers.util import quantize_embeddings

    vectors = unit_rows(40_000, 6)  # more than are read at once
    vectors[:, 2] = 0.25  # all equal
    folder = saved(tmp_path / "index", vectors)
    codes, ranges = np.load(folder / "documents.npy"), np.load(folder / "document_ranges.npy")
    assert codes.dtype == np.int8
    assert np.array_equal(ranges, np.stack([vectors.min(axis=0), vectors.max(axis=0)]))
    assert np.array_equal(codes, quantize_embeddings(vectors, precision="int8", ranges=ranges))


@given(st.integers(0, 2**32 - 1))
def test_a_vector_is_off_by_half_a_step_at_most(seed):
    vectors = np.random.default_rng(seed).uniform(-3, 5, (20, 4)).astype(np.float32)
    ranges = np.stack([vectors.min(axis=0), vectors.max(axis=0)])
    rows = Int8Rows(coded(vectors, ranges), ranges, is_unit=False)
    off = np.abs(rows[np.arange(20)] - vectors) / steps_of(ranges)
    assert off.max() <= 0.5 + 1e-3
    assert np.array_equal(rows[3:5], rows[np.array([3, 4])])
    assert np.array_equal(rows[7], rows[np.array([7])][0])


def test_unit_vectors_are_read_with_length_one(tmp_path):
    folder = saved(tmp_path / "index", unit_rows(50, 16))
    rows = open_documents(folder, 50, is_unit=True)
    assert (len(rows), rows.shape) == (50, (50, 16))
    assert np.linalg.norm(rows[:], axis=1) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(open_documents(folder, 50, is_unit=False)[:], axis=1).std() > 1e-5


def test_exact_search_equals_brute_force_over_what_the_codes_stand_for(tmp_path):
    documents = open_documents(saved(tmp_path / "index", unit_rows(700, 16)), None, is_unit=True)
    queries, order = unit_rows(9, 16, seed=2), np.random.default_rng(3).permutation(700)
    hits = exact.search(queries, documents, 12, order, nearest.on_cpu)
    rows, docs = np.repeat(np.arange(9), 700), np.tile(np.arange(700), 9)
    scores = pair_scores(queries, documents, rows, docs).reshape(9, 700)
    for row in range(9):
        best = np.lexsort((order, -scores[row]))[:12]
        assert hits.docs[row].tolist() == best.tolist()
        assert hits.scores[row].tolist() == scores[row][best].tolist()


def test_other_ranges_make_other_keys_of_equal_codes(tmp_path):
    vectors = unit_rows(50, 8)
    one, two = saved(tmp_path / "one", vectors), saved(tmp_path / "two", vectors * 2)
    assert np.array_equal(np.load(one / "documents.npy"), np.load(two / "documents.npy"))
    keys = [np.load(folder / "document_keys.npy") for folder in (one, two)]
    assert not (keys[0] == keys[1]).any()


def test_mining_takes_a_quarter_of_the_space_and_gives_nearly_the_same_scores(tmp_path):
    data = write_beir(tmp_path / "beir")
    flags = write_vectors(data)
    mine(tmp_path / "int8", data, **flags, k=23)
    mine(tmp_path / "single", data, **flags, k=23, vector_dtype="float32")
    sizes = [
        (tmp_path / name / "1-index" / "dense-vectors" / "documents.npy").stat().st_size - 128
        for name in ("int8", "single")
    ]
    assert sizes[0] * 4 == sizes[1]
    both = candidates(tmp_path / "int8").join(
        candidates(tmp_path / "single"), on=["query_id", "doc_id"]
    )
    assert both.height == candidates(tmp_path / "single").height
    left, right = both["dense_score"].to_list(), both["dense_score_right"].to_list()
    assert left == pytest.approx(right, abs=0.01)
    assert left != right
    queries = np.load(tmp_path / "int8" / "1-index" / "dense-vectors" / "queries.npy")
    assert queries.dtype == np.float32


def test_a_grown_corpus_gives_the_rows_of_a_fresh_run(tmp_path):
    data = write_beir(tmp_path / "beir")
    from tests.models.tiny import static_model

    flags = {"model": str(static_model(tmp_path / "static" / "model")), "k": 5}
    mine(tmp_path / "work", data, **flags)
    write_beir(data, documents={"new": ("", "hot black tea water")} | DOCUMENTS)
    mine(tmp_path / "work", data, **flags)
    mine(tmp_path / "fresh", data, **flags)
    assert candidates(tmp_path / "work").equals(candidates(tmp_path / "fresh"))


def test_inner_products_and_an_index_of_faiss_work_on_codes(tmp_path):
    pytest.importorskip("faiss")
    data = write_beir(tmp_path / "beir")
    flags = write_vectors(data)
    rows = np.load(flags["document_vectors"])
    np.save(flags["document_vectors"], rows * np.linspace(1, 4, len(rows))[:, None])
    more = {"similarity": "dot", "k": 23}
    mine(tmp_path / "flat", data, **flags, **more)
    mine(tmp_path / "hnsw", data, **flags, **more, index="HNSW8")
    flat, hnsw = candidates(tmp_path / "flat"), candidates(tmp_path / "hnsw")
    both = flat.join(hnsw, on=["query_id", "doc_id"])
    assert both["dense_score"].to_list() == both["dense_score_right"].to_list()
    assert flat["dense_score"].max() > 1.1


def test_ranges_that_are_not_those_of_the_codes_are_damage(tmp_path):
    folder = saved(tmp_path / "index", unit_rows(5, 8))
    np.save(folder / "document_ranges.npy", np.zeros((2, 7), np.float32))
    with pytest.raises(CorruptArtifact, match=r"document_ranges\.npy is damaged"):
        open_documents(folder, 5, is_unit=True)
