"""--index binary: sign bits, the nearest by Hamming distance, rescored with floats; against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.engine.progress import Silent
from negmine.errors import CorruptArtifact, GateNotMet, MissingDependency, SettingsError
from negmine.models.products import pair_scores
from negmine.retrievers.dense import binary
from negmine.retrievers.dense.binary import Binary, codes_of
from negmine.storage.workdir import Workdir
from tests.retrievers.dense.test_approximate import flags_of
from tests.retrievers.dense.test_exact import brute_force, unit
from tests.storage.test_clone import Notes

pytest.importorskip("faiss")


def hamming(queries, documents):
    """Return how many signs differ, [queries, documents], one number after the other."""
    return ((queries[:, None, :] > 0) != (documents[None] > 0)).sum(axis=2)


def by_hand(queries, documents, k, rescore, order):
    """Return ids and scores: the nearest by sign, of equal ones the first, then by product and order."""
    lists, scores = [], []
    for row, distances in enumerate(hamming(queries, documents)):
        depth = max(rescore * k, k + binary.SPARE)
        proposed = np.argsort(distances, kind="stable")[:depth]
        products = pair_scores(queries, documents, np.full(len(proposed), row), proposed)
        best = np.lexsort((order[proposed], -products))[:k]
        lists.append(proposed[best])
        scores.append(products[best])
    return np.array(lists), np.array(scores)


def searched(tmp_path, documents, queries, k, rescore, order):
    stats = binary.build(documents, tmp_path, Silent())
    return stats, Binary(tmp_path, rescore).search(queries, documents, k, order)


@pytest.mark.parametrize(("documents", "dims"), [(700, 384), (700, 64), (300, 20), (90, 7), (5, 3)])
@pytest.mark.parametrize("rescore", [1, 3])
def test_it_is_what_numpy_finds(tmp_path, documents, dims, rescore):
    """Also of widths that fill no byte, of few dimensions, where many distances are equal, and of k > m."""
    rng = np.random.default_rng(documents + dims)
    rows, queries = unit(rng, documents, dims), unit(rng, 9, dims)
    order = rng.permutation(documents)
    k = min(20, documents)
    _, hits = searched(tmp_path, rows, queries, 20, rescore, order)
    docs, scores = by_hand(queries, rows, k, rescore, order)
    assert np.array_equal(hits.docs, docs)
    assert np.array_equal(hits.scores, scores)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.integers(1, 20),
    st.integers(1, 12),
    st.integers(1, 5),
)
def test_scores_are_exact_and_a_greater_rescore_loses_nothing(
    tmp_path_factory, seed, documents, dims, k, rescore
):
    rng = np.random.default_rng(seed)
    rows, queries, order = (
        unit(rng, documents, dims),
        unit(rng, 3, dims),
        rng.permutation(documents),
    )
    folder = tmp_path_factory.mktemp("bits")
    _, some = searched(folder, rows, queries, k, rescore, order)
    _, more = searched(folder, rows, queries, k, rescore + 1, order)
    exact, scores = brute_force(queries, rows, documents, order)
    for row in range(3):
        places = [exact[row].tolist().index(doc) for doc in some.docs[row]]
        assert places == sorted(places)
        assert np.array_equal(some.scores[row], scores[row][places])
        assert (more.scores[row] >= some.scores[row]).all()


def test_bits_are_those_of_sentence_transformers():
    quantize = pytest.importorskip("sentence_transformers.util").quantize_embeddings
    rows = np.random.default_rng(3).standard_normal((50, 44)).astype(np.float32)
    rows[0, :3] = 0  # a zero is no positive number
    assert np.array_equal(codes_of(rows), quantize(rows, precision="ubinary"))


def test_counters_of_many_queries_are_bounded_and_change_nothing(tmp_path, monkeypatch):
    rng = np.random.default_rng(8)
    rows, queries, order = unit(rng, 200, 32), unit(rng, 40, 32), rng.permutation(200)
    _, at_once = searched(tmp_path, rows, queries, 9, 2, order)
    monkeypatch.setattr(binary, "COUNTERS", 1)
    _, one_by_one = searched(tmp_path, rows, queries, 9, 2, order)
    assert np.array_equal(at_once.docs, one_by_one.docs)
    assert np.array_equal(at_once.scores, one_by_one.scores)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_a_run_by_bits_has_the_rows_of_exact_search_where_all_is_rescored(tmp_path, dtype):
    flags = flags_of(tmp_path, vector_dtype=dtype)
    notes = Notes()
    negmine.mine(tmp_path / "bits", **flags, index="Binary", rescore=400, progress=notes)
    negmine.mine(tmp_path / "flat", **flags)
    assert "--index binary finds 1.0000 of the 20 best documents of 12 queries" in notes.said
    for name in ("2-retrieve/dense-vectors", "5-write/triplet"):
        rows = [Workdir(tmp_path / work).scan(name).collect() for work in ("bits", "flat")]
        assert rows[0].equals(rows[1])
    work = Workdir(tmp_path / "bits")
    made = work.require("1-index/binary-vectors").stats
    dims = work.require("1-index/dense-vectors").stats["dimensions"]
    assert made["bytes"] == 400 * -(-dims // 8)
    assert (made["rescored_with"], made["documents"]) == (dtype, 400)
    assert made["vector_bytes"] == 400 * dims * np.dtype(dtype).itemsize


def test_another_rescore_searches_again_with_the_same_bits(tmp_path):
    flags = flags_of(tmp_path, index="binary")
    with pytest.raises(GateNotMet, match=r"less than --min-recall 1\.0\. Raise --rescore") as error:
        negmine.mine(tmp_path / "work", **flags, rescore=1, min_recall=1.0)
    least = Workdir(tmp_path / "work").require("2-retrieve/recall-vectors").stats["recall"]
    assert f"finds {least:.4f}" in str(error.value)
    result = negmine.mine(tmp_path / "work", **flags, rescore=400, min_recall=1.0)
    made = {row["artifact"]: row["outcome"] for row in result.artifacts}
    assert made["1-index/binary-vectors"] == "fresh"
    assert made["2-retrieve/recall-vectors"] == "made"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"rescore": 3}, "--rescore: --index flat looks at every vector"),
        ({"index": "HNSW8", "rescore": 3}, "--rescore 3: this --index has no such setting"),
        ({"index": "binary", "nprobe": 3}, "--nprobe 3: this --index has no such setting"),
        ({"index": "binary", "ef_search": 3}, "--ef-search 3: this --index has no such setting"),
        ({"index": "binary", "rescore": 0}, "--rescore 0: give a whole number"),
    ],
)
def test_settings_of_another_search_are_refused(tmp_path, flags, message):
    with pytest.raises(SettingsError, match=message):
        negmine.mine(tmp_path / "work", **flags_of(tmp_path, **flags))


def test_bits_of_other_vectors_are_told(tmp_path):
    rng = np.random.default_rng(4)
    rows, queries = unit(rng, 30, 16), unit(rng, 2, 16)
    binary.build(rows[:20], tmp_path, Silent())
    with pytest.raises(CorruptArtifact, match="it is about other vectors"):
        Binary(tmp_path, 2).search(queries, rows, 5, np.arange(30))


def test_without_faiss_it_is_told_before_any_work(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingDependency):
        negmine.mine(tmp_path / "work", **flags_of(tmp_path, index="binary"))
    assert not (tmp_path / "work" / "1-index" / "corpus").exists()
