"""Sparse retrieval end to end: with BM25 and alone, grown, killed, pruned; what commands say of it."""

import json

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import InputError, NotTrusted, SettingsError
from negmine.models.load import Model
from negmine.storage.workdir import Workdir
from tests import killed
from tests.conftest import DOCUMENTS, QRELS, QUERIES, write_beir
from tests.models.tiny_sparse import csr, inference_free, splade, words_model

RUN, INDEX = "2-retrieve/sparse-model", "1-index/sparse-model"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return words_model(tmp_path_factory.mktemp("words") / "model")


@pytest.fixture
def encoded(monkeypatch):
    """Collect the texts that the model reads."""
    texts, inner = [], Model.encode

    def encode(self, batch, kind, prompt):
        texts.extend(batch)
        return inner(self, batch, kind, prompt)

    monkeypatch.setattr(Model, "encode", encode)
    return texts


def mine(work, data, model, **options):
    flags = {"retriever": ["sparse"], "k": 5, "device": "cpu"} | options
    return negmine.mine(work, data=data, sparse_model=str(model), **flags)


def rows(work, name):
    return Workdir(work).scan(name).collect()


def same_tables(work, other):
    names = [path.parent.relative_to(work) for path in work.glob("*-*/*/part-00000.parquet")]
    assert str(names)
    for name in map(str, names):
        assert rows(work, name).equals(rows(other, name)), name


@pytest.mark.parametrize("make", [splade, inference_free, csr])
def test_every_kind_of_model_mines_beside_bm25(tmp_path, beir, make):
    both = {"retriever": ["bm25", "sparse"], "max_risk": 0.2}
    result = mine(tmp_path / "work", beir, make(tmp_path), **both)
    candidates = rows(result.work, "2-retrieve/candidates")
    assert candidates["sparse_score"].null_count() == 0
    assert candidates["sparse_rank"].is_not_null().any()
    run = rows(result.work, RUN)
    assert run.height > 0
    assert (run["score"] > 0).all()
    assert rows(result.work, "5-write/triplet").height > 0


def test_alone_it_finds_what_shares_words(tmp_path, beir, model):
    result = mine(tmp_path / "work", beir, model)
    run = rows(result.work, RUN)
    best = run.filter(query_id="q3").sort("rank")["doc_id"].to_list()
    assert set(best[:2]) <= {"cat-1", "cat-3", "cat-4"}
    assert rows(result.work, "5-write/triplet").height > 0


def test_positives_and_other_retrievers_hits_have_the_score_of_the_run(tmp_path, beir, model):
    deep = mine(tmp_path / "deep", beir, model, k=30)  # the whole corpus: every score above 0
    run = rows(deep.work, RUN).select("query_id", "doc_id", in_run="score")
    result = mine(tmp_path / "work", beir, model, retriever=["bm25", "sparse"], k=2)
    candidates = rows(result.work, "2-retrieve/candidates")
    joined = candidates.join(run, on=["query_id", "doc_id"], how="left")
    assert joined["sparse_score"].to_list() == joined["in_run"].fill_null(0.0).to_list()
    assert joined["sparse_rank"].null_count() > 0
    positives = candidates.filter(label="positive")
    assert positives.height == sum(relevance > 0 for *_, relevance in QRELS)
    assert positives["sparse_score"].null_count() == 0


def test_a_log_ratio_of_the_scores_is_a_signal(tmp_path, beir, model):
    result = mine(tmp_path / "work", beir, model, max_signal=["sparse_log_ratio=0.5"])
    removed = result.summary["removed"]
    assert any("signal" in reason for reason in removed)


def test_more_documents_encode_only_what_is_new(tmp_path, beir, model, encoded):
    old = mine(tmp_path / "old", beir, model).work
    assert len(encoded) > len(DOCUMENTS) - 1
    encoded.clear()
    new = {"new-1": ("", "how long do dogs sleep"), "new-2": ("", "green snake")}
    grown = write_beir(tmp_path / "grown", DOCUMENTS | new, QUERIES | {"q9": "black tea"})
    mine(tmp_path / "new", grown, model, since=old)
    assert set(encoded) == {"how long do dogs sleep", "green snake"}
    stats = Workdir(tmp_path / "new").require(INDEX).stats
    assert stats["encoded"] == 2
    mine(tmp_path / "fresh", grown, model)
    same_tables(tmp_path / "new", tmp_path / "fresh")


def test_a_pruned_query_is_searched_again_and_nothing_is_encoded(tmp_path, beir, model, encoded):
    mine(tmp_path / "work", beir, model)
    whole = rows(tmp_path / "work", RUN)
    encoded.clear()
    result = negmine.retrieve(tmp_path / "work", sparse_query_terms=1)
    outcomes = {row["artifact"]: row["outcome"] for row in result.artifacts}
    assert outcomes == {RUN: "made", "2-retrieve/candidates": "made"}
    assert encoded == []
    pruned = rows(tmp_path / "work", RUN)
    assert not pruned.equals(whole)
    states = {
        one.artifact.name: one for one in negmine.status(tmp_path / "work", sparse_query_terms=3)
    }
    assert states[RUN].why == "sparse-query-terms 1 -> 3"
    assert states[INDEX].state == "fresh"
    scores = rows(tmp_path / "work", "2-retrieve/candidates").join(
        pruned, on=["query_id", "doc_id"], suffix="_of_run"
    )
    assert scores["sparse_score"].to_list() == scores["score_of_run"].to_list()


def test_other_weights_under_the_same_name_make_the_index_stale(tmp_path, beir):
    mine(tmp_path / "work", beir, words_model(tmp_path / "a" / "model", seed=1))
    other = words_model(tmp_path / "b" / "model", seed=2)
    states = negmine.status(tmp_path / "work", sparse_model=str(other))
    assert {one.artifact.name: one.why for one in states}[INDEX] == "model changed"


def test_killed_while_it_encodes_it_goes_on_and_ends_with_the_same_rows(tmp_path, beir):
    model = splade(tmp_path / "splade")
    flags = ["--retriever", "sparse", "--sparse-model", model, "--k", 5, "--device", "cpu"]
    often = (
        "import negmine.storage.vectors as v, negmine.config.memory as m\n"
        "v.CHUNK_S = 0; m.PART_DOCUMENTS = 8"
    )

    kill = (
        "\nwrite, left = v.write_chunk, [2]\n"
        "def write_two(*given):\n"
        "    left[0] -= 1\n"
        "    return write(*given) if left[0] >= 0 else os.kill(os.getpid(), signal.SIGKILL)\n"
        "v.write_chunk = write_two"
    )

    def run(work, prelude=often):
        return killed.negmine(["mine", work, "--data", beir, *flags], work, prelude=prelude)

    calm = run(tmp_path / "calm")
    assert calm.returncode == 0, calm.stderr
    assert killed.was_killed(run(tmp_path / "hit", often + kill))
    waiting = {one.artifact.name: one for one in negmine.status(tmp_path / "hit")}
    assert waiting[INDEX].state == "partial"
    assert waiting[INDEX].why.endswith("texts are encoded")
    done = run(tmp_path / "hit")
    assert done.returncode == 0, done.stderr
    assert Workdir(tmp_path / "hit").require(INDEX).stats["reused"] > 0
    same_tables(tmp_path / "hit", tmp_path / "calm")
    for path in (tmp_path / "calm" / INDEX).glob("*.npy"):
        assert np.array_equal(np.load(path), np.load(tmp_path / "hit" / INDEX / path.name))


def test_analyses_know_it(tmp_path, beir, model):
    flags = {"retriever": ["bm25", "sparse"], "max_risk": 0.2}
    work = mine(tmp_path / "work", beir, model, **flags).work
    explained = negmine.explain(work, "q3")
    assert "sparse_score" in json.dumps(explained, default=str)
    report = negmine.report(work)
    assert "sparse" in json.dumps(report, default=str)
    leaked = negmine.leak(work)
    assert "sparse" in json.dumps(leaked, default=str)
    other = mine(tmp_path / "other", beir, words_model(tmp_path / "o" / "model", 2), **flags).work
    found = negmine.diff(work, other)
    assert "1-index/sparse" in json.dumps(found, default=str)
    card = (work / "5-write" / "README.md").read_text()
    assert "sparse" in card


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"retriever": ["sparse"]}, "--retriever sparse has no model. Give --sparse-model"),
        ({"sparse_model": "x"}, "--sparse-model: nothing reads it.*give --retriever sparse"),
        (
            {"sparse_query_terms": 4},
            "--sparse-query-terms: nothing reads it.*give --retriever sparse",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path, beir, flags, message):
    with pytest.raises(SettingsError, match=message):
        negmine.mine(tmp_path / "work", data=beir, **({"retriever": ["bm25"]} | flags))


def test_several_processes_encode_the_same(tmp_path, beir, model):
    one = mine(tmp_path / "one", beir, model)
    two = mine(tmp_path / "two", beir, model, device="auto", devices="cpu,cpu")
    same_tables(one.work, two.work)


def test_a_missing_model_is_told_with_its_flag(tmp_path, beir):
    with pytest.raises(InputError, match="--sparse-model /nowhere/model does not exist"):
        mine(tmp_path / "work", beir, "/nowhere/model")


def test_a_work_directory_of_somebody_else_does_not_choose_the_model(
    tmp_path, beir, model, monkeypatch
):
    mine(tmp_path / "work", beir, model)
    monkeypatch.setenv("NEGMINE_TRUST", str(tmp_path / "nothing-is-trusted"))
    with pytest.raises(NotTrusted, match=r"--sparse-model .*model \(model\)"):
        negmine.retrieve(tmp_path / "work")
    states = {one.artifact.name: one for one in negmine.status(tmp_path / "work")}
    assert "is not trusted" in states[INDEX].why


def test_a_relative_path_of_the_model_is_remembered_as_what_it_means(
    tmp_path, beir, model, monkeypatch
):
    monkeypatch.chdir(model.parent)
    mine(tmp_path / "work", beir, model.name)
    monkeypatch.chdir(tmp_path)
    assert {one.state for one in negmine.status(tmp_path / "work")} == {"fresh"}


def test_copies_of_a_document_are_one(tmp_path, beir, model):
    run = rows(mine(tmp_path / "work", beir, model, k=30).work, RUN)
    assert "tea-2" not in run["doc_id"].to_list()
    assert (
        run.group_by("query_id").agg(pl.col("doc_id").is_duplicated().any())["doc_id"].any()
        is False
    )
