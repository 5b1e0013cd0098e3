"""An index over tokens: which documents it proposes, exact scores, all of exact search where it sees all."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.data.ragged import heights
from negmine.errors import CorruptArtifact, GateNotMet, MissingDependency, SettingsError
from negmine.models.maxsim import maxsim
from negmine.retrievers.late import approximate, exact
from negmine.retrievers.late.approximate import Approximate, look_into, wanted
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, write_beir
from tests.models.ragged import collections, tokens
from tests.models.tiny import multi_vector_model
from tests.retrievers.late.test_exact import as_lists, order_of
from tests.storage.test_clone import Notes
from tests.test_resume import rows_of

INDEX, RECALL, RUN = (
    "1-index/faiss_late-model",
    "2-retrieve/recall_late-model",
    "2-retrieve/late-model",
)


def saved(folder, documents, factory="Flat"):
    """Save an index over all tokens, without the trial of its string."""
    import faiss

    values = np.ascontiguousarray(documents.values, np.float32)
    index = faiss.index_factory(values.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    index.train(values)
    index.add(values)
    faiss.write_index(index, str(folder / "index.faiss"))
    return folder


def many(seed=3, documents=80, dims=12):
    rng = np.random.default_rng(seed)
    return tokens(rng, rng.integers(0, 7, 6), dims), tokens(
        rng, rng.integers(0, 9, documents), dims
    )


@given(collections(), st.integers(1, 12), st.integers(0, 99), st.integers(1, 30))
def test_an_index_that_sees_every_token_finds_what_exact_search_finds(collection, k, seed, at_once):
    queries, documents = collection
    order = order_of(documents, seed)
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(approximate, "AT_ONCE", at_once)
        opened = Approximate(saved(Path(name), documents), 1 + len(documents.values), "cpu")
        hits = opened.search(queries, documents, k, order)
    assert as_lists(hits) == as_lists(exact.search(queries, documents, k, order))


@pytest.mark.parametrize("depth", [1, 3, 20])
def test_documents_with_a_near_token_are_scored_exactly(tmp_path, depth):
    """By hand: the tokens nearest to each of the query, the documents that have them, their MaxSim in order."""
    queries, documents = many()
    order = order_of(documents, 1)
    hits = Approximate(saved(tmp_path, documents), depth, "cpu").search(
        queries, documents, 9, order
    )
    owner = np.repeat(np.arange(len(documents)), heights(documents))
    for row, query in enumerate(queries[:]):
        products = query.astype(np.float32) @ documents.values.astype(np.float32).T
        near = np.unique(owner[np.argsort(-products, axis=1)[:, :depth]])
        scores = maxsim(queries, documents, np.full(len(near), row), near)
        best = np.lexsort((order[near], -scores))[:9]
        assert as_lists(hits)[row] == (near[best].tolist(), scores[best].tolist())


@given(st.integers(0, 20), st.lists(st.integers(1, 40), min_size=2, max_size=4))
def test_more_tokens_never_find_less(seed, depths):
    queries, documents = many(seed, documents=40, dims=4)
    order = order_of(documents, 1)
    right = exact.search(queries, documents, 5, order).docs
    with TemporaryDirectory() as name:
        folder = saved(Path(name), documents)
        found = [
            Approximate(folder, depth, "cpu").search(queries, documents, 5, order).docs
            for depth in sorted(depths)
        ]
    shares = [[np.isin(a, b).sum() for a, b in zip(right, docs, strict=True)] for docs in found]
    assert (np.diff(shares, axis=0) >= 0).all()


@pytest.mark.parametrize("factory", ["IVF8,Flat", "OPQ4,IVF8,PQ4x4", "IVF8,SQ8", "HNSW8"])
def test_every_kind_of_index_with_every_token_finds_all(tmp_path, factory):
    queries, documents = many()
    order = order_of(documents, 2)
    opened = Approximate(saved(tmp_path, documents, factory), len(documents.values), "cpu")
    hits = opened.search(queries, documents, 10, order)
    assert as_lists(hits) == as_lists(exact.search(queries, documents, 10, order))


@pytest.mark.parametrize(
    ("count", "factory"),
    [
        (0, "Flat"),
        (127, "Flat"),
        (128, "IVF2,SQ8"),
        (100_000, "IVF1024,SQ8"),
        (10**8, "IVF16384,SQ8"),
    ],
)
def test_ivf_has_as_many_cells_as_tokens_fill(count, factory):
    assert wanted("ivf", count).factory == factory
    assert wanted("HNSW16", count).factory == "HNSW16"


def test_a_search_looks_into_cells_with_room_for_what_it_shall_return():
    import faiss

    index = faiss.index_factory(8, "IVF64,Flat", faiss.METRIC_INNER_PRODUCT)
    values = np.random.default_rng(1).standard_normal((6400, 8)).astype(np.float32)
    index.train(values)
    index.add(values)  # 100 a cell
    for tokens_wanted, probes in ((1, 8), (300, 12), (6400, 64)):
        look_into(index, tokens_wanted)
        assert index.nprobe == probes


def test_a_damaged_index_and_one_about_other_tokens_are_named(tmp_path):
    queries, documents = many()
    folder = tmp_path / "w/1-index/faiss_late-m"
    folder.mkdir(parents=True)
    saved(folder, documents)
    with pytest.raises(CorruptArtifact, match="about other vectors"):
        Approximate(folder, 3, "cpu").search(queries, many(seed=9)[1], 3, np.arange(80))
    (folder / "index.faiss").write_bytes(b"IxF")
    with pytest.raises(CorruptArtifact, match=r"index\.faiss is damaged"):
        Approximate(folder, 3, "cpu")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(multi_vector_model(tmp_path_factory.mktemp("late")))


def mine(work, data, model, **flags):
    given = {"retriever": ["bm25", "late"], "late_model": model, "device": "cpu", "k": 5}
    return negmine.mine(
        work, data=data, **(given | {"late_scope": "all", "late_index": "ivf"} | flags)
    )


def table(work, name):
    return Workdir(work).scan(name).collect()


def test_a_run_with_an_index_over_every_token_is_the_exact_one(tmp_path, beir, model):
    notes = Notes()
    mine(tmp_path / "ivf", beir, model, progress=notes)
    mine(tmp_path / "flat", beir, model, late_index="flat")
    work = Workdir(tmp_path / "ivf")
    assert any(one.startswith("--late-index ivf finds 1.0000 of the 5 best") for one in notes.said)
    assert work.require(RECALL).stats["recall"] == 1.0
    stats = work.require(INDEX).stats
    assert (stats["index"], stats["documents"]) == ("IVF2,SQ8", len(DOCUMENTS) - 1)
    for name in (RUN, "2-retrieve/candidates", "5-write/triplet"):
        assert table(tmp_path / "ivf", name).equals(table(tmp_path / "flat", name))


def test_an_index_that_misses_documents_stops_at_the_gate_and_its_scores_are_right(
    tmp_path, beir, model
):
    few = {"late_index": "IVF3,Flat", "late_tokens": 1}
    with pytest.raises(GateNotMet, match="Raise --late-tokens, choose another --late-index, or"):
        mine(tmp_path / "w", beir, model, **few, min_recall=1.0)
    mine(tmp_path / "w", beir, model, **few, min_recall=0.0)
    mine(tmp_path / "flat", beir, model, late_index="flat", k=50)
    rows, right = (table(tmp_path / w, "2-retrieve/candidates") for w in ("w", "flat"))
    assert rows["late_score"].null_count() == 0  # known positives, too, found or not
    both = rows.join(right, on=["query_id", "doc_id"])
    assert both.height == rows.height
    assert both["late_score"].equals(both["late_score_right"])
    run, whole = (table(tmp_path / w, RUN) for w in ("w", "flat"))
    assert 0 < run.height < whole.height
    assert run.sort("query_id", pl.col("score").neg(), "doc_id").equals(
        run.sort("query_id", "rank")
    )


def test_a_grown_corpus_has_the_rows_of_a_fresh_run(tmp_path, model):
    data = write_beir(tmp_path / "beir")
    mine(tmp_path / "work", data, model)
    write_beir(data, documents=DOCUMENTS | {f"n{n}": ("", f"green tea cat {n}") for n in range(9)})
    mine(tmp_path / "more", data, model, since=tmp_path / "work")
    mine(tmp_path / "fresh", data, model)
    grown, fresh = rows_of(tmp_path / "more"), rows_of(tmp_path / "fresh")
    assert all(grown[name].equals(rows) for name, rows in fresh.items())


def test_what_is_searched_alone_makes_no_index_again(tmp_path, beir, model):
    mine(tmp_path / "w", beir, model)
    result = mine(tmp_path / "w", beir, model, late_tokens=9, min_recall=0.0)
    outcomes = {row["artifact"]: row["outcome"] for row in result.artifacts}
    assert outcomes[INDEX] == "fresh"
    assert outcomes[RUN] != "fresh"
    again = mine(tmp_path / "w", beir, model, late_index="flat", late_tokens=512)
    assert INDEX not in {row["artifact"] for row in again.artifacts}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            {"late_index": "NONSENSE"},
            "--late-index NONSENSE: FAISS cannot make.* Use flat, ivf, or",
        ),
        ({"late_index": "binary"}, "--late-index binary: FAISS cannot make"),
        ({"late_index": " "}, "say flat, ivf, or a FAISS factory string"),
        ({"late_index": "IVF4096,Flat"}, "4,096 cells need as many tokens of documents, there are"),
        ({"late_scope": "candidates"}, "--late-index: nothing reads it.*--late-scope all"),
        (
            {"late_index": "flat", "late_tokens": 9},
            "--late-tokens: nothing reads it.*--late-index ivf",
        ),
        ({"late_tokens": 0}, "give a whole number from 1"),
    ],
)
def test_an_index_or_a_number_that_cannot_work_is_refused(tmp_path, beir, model, flags, message):
    with pytest.raises(SettingsError, match=message):
        mine(tmp_path / "w", beir, model, **flags)


def test_without_faiss_only_an_index_is_refused(tmp_path, beir, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingDependency, match=r"--late-index need FAISS.*negmine\[cpu\]"):
        mine(tmp_path / "w", beir, model)
    assert not (tmp_path / "w/1-index/late-model").exists()
