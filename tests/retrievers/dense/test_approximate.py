"""FAISS indexes: factory strings, what they miss, the gate, and GPUs through their seam."""

import sys
import types

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.engine.progress import Silent
from negmine.errors import CorruptArtifact, GateNotMet, MissingDependency, SettingsError
from negmine.retrievers.dense.approximate import Approximate
from negmine.retrievers.faiss_index.build import build
from negmine.retrievers.faiss_index.trial import Wanted
from negmine.storage.workdir import Workdir
from tests.retrievers.dense.test_exact import brute_force, unit
from tests.retrievers.dense.test_growth import collection, write
from tests.storage.test_clone import Notes


def flags_of(tmp_path, **more):
    flags = write(tmp_path / "data", *collection(np.random.default_rng(5), documents=400))
    return {**flags, "k": 20, **more}


@pytest.mark.parametrize("factory", ["Flat", "IVF8,Flat", "HNSW16", "IVF4,SQ8", "PCA8,Flat"])
def test_scores_and_order_are_those_of_exact_search(tmp_path, factory):
    """Scores are exact whatever the index; where it searches everything, no document is missing."""
    rng = np.random.default_rng(1)
    documents, queries, order = unit(rng, 600, 16), unit(rng, 9, 16), rng.permutation(600)
    stats = build(documents, Wanted(factory), tmp_path, Silent())
    assert (stats["index"], stats["trained_on"]) == (factory, 600)
    parameters = {"nprobe": 8} if "IVF" in factory else {}
    found = Approximate(tmp_path, parameters, "cpu").search(queries, documents, 20, order)
    docs, scores = brute_force(queries, documents, 600, order)
    for row in range(9):
        place = [docs[row].tolist().index(doc) for doc in found.docs[row]]
        assert place == sorted(place)
        assert np.array_equal(found.scores[row], scores[row][place])
    if factory in ("Flat", "IVF8,Flat"):
        assert np.array_equal(found.docs, docs[:, :20])


def test_short_lists_are_padded(tmp_path):
    """One cell of many is searched: it has fewer documents than k."""
    documents = unit(np.random.default_rng(2), 64, 8)
    build(documents, Wanted("IVF16,Flat"), tmp_path, Silent())
    hits = Approximate(tmp_path, {"nprobe": 1}, "cpu").search(
        documents[:5], documents, 60, np.arange(64)
    )
    short = hits.docs < 0
    assert short.any()
    assert np.array_equal(short, np.isneginf(hits.scores))
    for row in range(5):
        assert hits.docs[row, 0] == row
        there = hits.docs[row][~short[row]]
        assert len(set(there.tolist())) == len(there)
        assert not short[row][: len(there)].any()


def test_the_manifest_has_the_recall(tmp_path):
    flags = flags_of(tmp_path, index="IVF16,Flat", nprobe=16)
    notes = Notes()
    negmine.mine(tmp_path / "work", **flags, progress=notes)
    work = Workdir(tmp_path / "work")
    assert "--index IVF16,Flat finds 1.0000 of the 20 best documents of 12 queries" in notes.said
    assert work.require("2-retrieve/recall-vectors").stats == {"recall": 1.0, "queries": 12}
    assert work.require("1-index/faiss-vectors").stats["index"] == "IVF16,Flat"
    negmine.mine(tmp_path / "flat", **(flags | {"index": "flat", "nprobe": "none"}))
    names = ("2-retrieve/dense-vectors", "5-write/triplet")
    for name in names:
        rows = [Workdir(tmp_path / w).scan(name).collect() for w in ("work", "flat")]
        assert rows[0].equals(rows[1])


def test_an_index_of_low_recall_is_refused_and_passes_with_a_higher_nprobe(tmp_path):
    flags = flags_of(tmp_path, index="IVF64,Flat", nprobe=1)
    with pytest.raises(GateNotMet, match="--min-recall") as error:
        negmine.mine(tmp_path / "work", **flags)
    assert "--nprobe" in str(error.value)
    recall = Workdir(tmp_path / "work").require("2-retrieve/recall-vectors").stats["recall"]
    assert f"finds {recall:.4f}" in str(error.value)
    assert recall < 0.95
    result = negmine.mine(tmp_path / "work", **(flags | {"nprobe": 64}))
    made = {row["artifact"]: row["outcome"] for row in result.artifacts}
    assert made["1-index/faiss-vectors"] == "fresh"
    again = negmine.mine(tmp_path / "low", **(flags | {"min_recall": recall}))
    assert again.summary["candidates"] > 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"index": "NONSENSE"}, "--index NONSENSE: FAISS cannot make"),
        ({"index": "LSH"}, "for distances, not for inner products"),
        ({"index": "IDMap,Flat"}, "leave IDMap out"),
        ({"index": " "}, "say flat, binary, or a FAISS factory string"),
        ({"index": "HNSW16", "nprobe": 3}, "--nprobe 3: this --index has no such setting"),
        ({"index": "SQ8", "ef_search": 3}, "--ef-search 3: this --index has no such setting"),
        ({"index": "HNSW16", "ef_search": 10**10}, "give a whole number from 1 to 10,000,000"),
        ({"k": 10**19}, "give a whole number from 1 to 10,000,000"),
        ({"index": "IVF4096,Flat"}, "4,096 cells need as many documents, there are 400"),
        ({"index": "CAGRA"}, "--index CAGRA: FAISS cannot make"),
    ],
)
def test_an_index_or_a_number_that_cannot_work_is_refused(tmp_path, more, message):
    with pytest.raises(SettingsError, match=message) as error:
        negmine.mine(tmp_path / "work", **flags_of(tmp_path, **more))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("flag", ["nprobe", "ef_search"])
def test_a_search_parameter_without_an_index_is_refused(tmp_path, flag):
    with pytest.raises(SettingsError, match="looks at every vector"):
        negmine.mine(tmp_path / "work", **flags_of(tmp_path, **{flag: 5}))


def test_vectors_of_a_width_that_does_not_fit_are_refused(tmp_path):
    vectors = unit(np.random.default_rng(2), 500, 64)
    with pytest.raises(SettingsError, match="for vectors of 64 dimensions"):
        build(vectors, Wanted("PQ7"), tmp_path, Silent())


def test_flat_is_flat_in_any_case(tmp_path):
    negmine.mine(tmp_path / "work", **flags_of(tmp_path, index="Flat"))
    assert not (tmp_path / "work" / "1-index" / "faiss-vectors").exists()


def test_without_faiss_only_an_index_is_refused(tmp_path, monkeypatch):
    flags = flags_of(tmp_path)
    monkeypatch.setitem(sys.modules, "faiss", None)
    negmine.mine(tmp_path / "work", **flags)
    with pytest.raises(MissingDependency, match=r"negmine\[cpu\]"):
        negmine.mine(tmp_path / "work", **flags, index="HNSW16")


def test_an_index_goes_to_all_gpus_in_half_precision(tmp_path, monkeypatch):
    """The seam: sharded float16, and the cores where a GPU does not return so many neighbours."""
    import faiss

    seen = []

    def to_gpus(index, options):
        seen.append((options.shard, options.useFloat16))
        return types.SimpleNamespace(search=lambda q, k: (seen.append(k), index.search(q, k))[1])

    documents = unit(np.random.default_rng(2), 3000, 8)
    build(documents, Wanted("Flat"), tmp_path, Silent())
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 2, raising=False)
    monkeypatch.setattr(faiss, "GpuMultipleClonerOptions", types.SimpleNamespace, raising=False)
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", to_gpus, raising=False)
    opened = Approximate(tmp_path, {}, "auto")
    opened.search(documents[:2], documents, 10, np.arange(3000))
    opened.search(documents[:2], documents, 2500, np.arange(3000))
    assert seen == [(True, True), 26]
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", _refuse)
    hits = Approximate(tmp_path, {}, "auto").search(documents[:2], documents, 1, np.arange(3000))
    assert hits.docs.tolist() == [[0], [1]]


def _refuse(*_):
    raise RuntimeError("This index type is not implemented on GPU.")


def test_only_documents_in_other_runs_are_encoded(tmp_path):
    """--dense-scope candidates: the dense run is that of the documents that BM25 found, and positives."""
    from tests.conftest import write_beir
    from tests.models.tiny import static_model

    texts = {f"d{n:02d}": ("", f"{'tea ' * (n % 3)}word{n} number") for n in range(60)}
    texts |= {f"x{n:02d}": ("", f"nothing shared {n}") for n in range(40)}
    asked = {"q1": "tea word1", "q2": "tea word5 word7"}
    data = write_beir(tmp_path / "beir", texts, asked, [("q1", "d01", 1), ("q2", "x03", 1)])
    model = str(static_model(tmp_path / "model"))
    flags = {"data": data, "model": model, "k": 6, "device": "cpu"}
    negmine.mine(tmp_path / "some", **flags, dense_scope="candidates")
    some = Workdir(tmp_path / "some")
    found = some.scan("2-retrieve/bm25").select("doc_id").collect()["doc_id"]
    encoded = set(found) | {"d01", "x03"}
    assert some.require("2-retrieve/vectors-model").stats["documents"] == len(encoded) < 100
    rows = some.scan("2-retrieve/candidates").collect()
    assert rows["dense_score"].null_count() == 0
    assert set(rows["doc_id"]) <= encoded
    negmine.mine(tmp_path / "all", **(flags | {"k": 100, "retriever": ["dense"]}))
    whole = Workdir(tmp_path / "all").scan("2-retrieve/dense-model").collect()
    among = whole.filter(pl.col("doc_id").is_in(list(encoded))).sort("query_id", "rank")
    run = some.scan("2-retrieve/dense-model").collect()
    for query in asked:
        best = among.filter(pl.col("query_id") == query)["doc_id"].to_list()
        mine = run.filter(pl.col("query_id") == query)["doc_id"].to_list()
        assert mine == best[: len(mine)]
    both = rows.join(whole, on=["query_id", "doc_id"])
    assert both["dense_score"].to_list() == pytest.approx(both["score_right"].to_list(), abs=1e-6)


@pytest.mark.parametrize(
    "more", [{"retriever": ["dense"]}, {"document_vectors": "d.npy", "query_vectors": "q.npy"}]
)
def test_a_scope_needs_another_retriever_and_a_model(tmp_path, more):
    with pytest.raises(SettingsError, match="--dense-scope candidates"):
        negmine.mine(tmp_path / "work", data=tmp_path, dense_scope="candidates", **more)


def test_an_index_file_that_is_damaged_or_about_other_vectors_is_named(tmp_path):
    rng = np.random.default_rng(1)
    documents, queries = unit(rng, 40, 8), unit(rng, 3, 8)
    folder = tmp_path / "w/1-index/faiss-m"
    folder.mkdir(parents=True)
    build(documents, Wanted("IVF4,Flat"), folder, Silent())
    for other in (documents[:39], unit(rng, 40, 4)):
        with pytest.raises(CorruptArtifact, match="about other vectors") as error:
            Approximate(folder, {}, "cpu").search(queries, other, 3, np.arange(len(other)))
        assert f"negmine index {tmp_path / 'w'} --force" in str(error.value)
    file = folder / "index.faiss"
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(CorruptArtifact, match=r"index\.faiss is damaged"):
        Approximate(folder, {}, "cpu")
