"""The late retriever, end to end through `mine`: scopes, scores of all pairs, growth, analyses."""

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import CorruptArtifact, InputError, SettingsError
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, write_beir, write_vectors
from tests.models.tiny import bert_model, multi_vector_model
from tests.test_resume import rows_of

KEY = ["query_id", "doc_id"]
TOKENS = {"candidates": "2-retrieve/tokens-model", "all": "1-index/late-model"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return multi_vector_model(tmp_path_factory.mktemp("late"))


def mine(work, data, model, **flags):
    given = {"retriever": ["bm25", "late"], "late_model": str(model), "device": "cpu", "k": 5}
    return negmine.mine(work, data=data, **(given | flags))


def stats(work, scope="candidates"):
    return Workdir(work).require(TOKENS[scope]).stats


def table(work, name):
    return Workdir(work).scan(name).collect()


def maxsim_of(model, texts):
    """Return the MaxSim of texts pair by pair, as sentence-transformers computes it."""
    from sentence_transformers import MultiVectorEncoder

    encoder = MultiVectorEncoder(str(model), device="cpu")
    queries = encoder.encode_query([query for query, _ in texts])
    documents = encoder.encode_document([document for _, document in texts])
    return encoder.similarity_pairwise(queries, documents).numpy()


@pytest.mark.parametrize("scope", ["candidates", "all"])
def test_scores_of_all_candidates_and_positives_are_those_of_sentence_transformers(
    tmp_path, beir, model, scope
):
    mine(tmp_path / "work", beir, model, late_scope=scope, late_vector_dtype="float32", title=False)
    rows = table(tmp_path / "work", "2-retrieve/candidates")
    assert rows["late_score"].null_count() == 0
    assert set(rows.filter(pl.col("label") == "positive")["query_id"]) == set(rows["query_id"])
    queries = dict(
        table(tmp_path / "work", "1-index/queries").select("query_id", "text").iter_rows()
    )
    pairs = [(queries[q], DOCUMENTS[d][1]) for q, d in rows.select(KEY).iter_rows()]
    assert rows["late_score"].to_numpy() == pytest.approx(maxsim_of(model, pairs), abs=1e-4)


def test_candidates_of_other_retrievers_are_put_in_order_and_no_more_are_found(
    tmp_path, beir, model
):
    flags = {"retriever": ["late", "bm25", "dense"], **write_vectors(beir), "k": 4}
    mine(tmp_path / "work", beir, model, **flags)
    others = pl.concat(
        table(tmp_path / "work", f"2-retrieve/{name}").select(KEY)
        for name in ("bm25", "dense-vectors")
    ).unique()
    late = table(tmp_path / "work", "2-retrieve/late-model")
    assert late.join(others, on=KEY, how="anti").is_empty()
    mine(tmp_path / "deep", beir, model, **flags, late_scope="all")
    every = mine(tmp_path / "every", beir, model, late_scope="all", k=30, retriever=["late"])
    full = table(every.work, "2-retrieve/late-model").join(others, on=KEY, how="semi")
    again = full.with_columns(
        pl.int_range(1, pl.len() + 1).over("query_id").cast(pl.Int32).alias("rank")
    )
    cut = late.join(again, on=[*KEY, "rank", "score"], how="anti")
    assert late.height
    assert cut.is_empty()  # the same documents, in the same order, with the same bits


def test_a_query_has_the_same_rows_in_parts_of_any_size(tmp_path, beir, model, monkeypatch):
    for scope in TOKENS:
        mine(tmp_path / f"{scope}-whole", beir, model, late_scope=scope)
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 2)
    monkeypatch.setattr("negmine.config.memory.PART_DOCUMENTS", 3)
    monkeypatch.setattr("negmine.retrievers.late.tokens.AT_ONCE", 2)
    monkeypatch.setattr("negmine.models.maxsim.AT_ONCE", 9)
    for scope in TOKENS:
        mine(tmp_path / f"{scope}-parts", beir, model, late_scope=scope)
        whole, parts = (rows_of(tmp_path / f"{scope}-{how}") for how in ("whole", "parts"))
        assert len(list((tmp_path / f"{scope}-parts/2-retrieve/late-model").glob("part-*"))) > 1
        assert all(parts[name].equals(rows) for name, rows in whole.items())


@pytest.mark.parametrize("scope", ["candidates", "all"])
def test_a_grown_corpus_encodes_what_is_new_and_has_the_rows_of_a_fresh_run(tmp_path, model, scope):
    data = write_beir(tmp_path / "beir")
    mine(tmp_path / "work", data, model, late_scope=scope)
    first = stats(tmp_path / "work", scope)
    assert first["reused"] == 0
    new = {f"new-{n}": ("", f"green tea for cats number {n}") for n in range(9)}
    write_beir(data, documents=DOCUMENTS | new)
    mine(tmp_path / "more", data, model, late_scope=scope, since=tmp_path / "work")
    again = stats(tmp_path / "more", scope)
    assert 0 < again["encoded"] <= len(new)
    assert again["reused"] >= first["encoded"] - 6
    mine(tmp_path / "fresh", data, model, late_scope=scope)
    grown, fresh = rows_of(tmp_path / "more"), rows_of(tmp_path / "fresh")
    assert all(grown[name].equals(rows) for name, rows in fresh.items())


def test_only_candidates_and_positives_are_encoded(tmp_path, beir, model):
    mine(tmp_path / "some", beir, model, k=1)
    mine(tmp_path / "all", beir, model, k=1, late_scope="all")
    rows = table(tmp_path / "some", "2-retrieve/candidates")
    assert stats(tmp_path / "some")["documents"] == rows["doc_id"].n_unique()
    assert stats(tmp_path / "all", "all")["documents"] == len(DOCUMENTS) - 1  # one is a copy


def test_the_manifest_says_the_precision_and_the_size(tmp_path, beir, model):
    mine(tmp_path / "half", beir, model)
    about = stats(tmp_path / "half")
    assert (about["vector_dtype"], about["dimensions"], about["model"]) == (
        "float16",
        8,
        str(model),
    )
    folder = tmp_path / "half" / TOKENS["candidates"]
    vectors = np.load(folder / "documents.npy")
    assert vectors.dtype == np.float16
    assert vectors.shape == (about["document_tokens"], 8)
    assert np.load(folder / "document_offsets.npy")[-1] == about["document_tokens"]
    mine(tmp_path / "single", beir, model, late_vector_dtype="float32")
    half, single = (table(tmp_path / w, "2-retrieve/candidates") for w in ("half", "single"))
    both = half.join(single, on=KEY)
    assert both["late_score"].to_numpy() == pytest.approx(
        both["late_score_right"].to_numpy(), abs=0.05
    )


def test_documents_without_a_token_are_no_hits_and_score_zero(tmp_path):
    """A model that skips every word of a document gives it no vector."""
    model = multi_vector_model(tmp_path / "m", skip=("tea", ".", ","))
    documents = {"gone": ("", "tea , tea ."), "hot": ("", "hot tea"), "cold": ("", "cold tea")}
    qrels = [("q", "hot", 1)]
    data = write_beir(tmp_path / "beir", documents, {"q": "how hot is tea"}, qrels)
    for scope in TOKENS:
        mine(tmp_path / scope, data, model, late_scope=scope)
        assert stats(tmp_path / scope, scope)["documents_without_tokens"] == 1
        run = table(tmp_path / scope, "2-retrieve/late-model")
        assert set(run["doc_id"]) == {"hot", "cold"}
        rows = table(tmp_path / scope, "2-retrieve/candidates")
        assert rows.filter(pl.col("doc_id") == "gone")["late_score"].to_list() == [0.0]


def test_analyses_know_the_retriever(tmp_path, beir, model):
    mine(tmp_path / "work", beir, model, sampling="round-robin")
    report = negmine.report(tmp_path / "work")
    assert "late" in str(report)
    assert {row["retriever"] for row in negmine.leak(tmp_path / "work")["by_rank"]} == {
        "bm25",
        "late",
    }
    pair = table(tmp_path / "work", "2-retrieve/late-model").row(0, named=True)
    told = negmine.explain(tmp_path / "work", query=pair["query_id"])
    assert any(row["late_score"] == pytest.approx(pair["score"]) for row in told["rows"])
    assert negmine.diff(tmp_path / "work", tmp_path / "work")["setup"]["models"] == []


def test_another_checkpoint_of_the_same_name_is_encoded_anew(tmp_path, beir, model):
    mine(tmp_path / "work", beir, model)
    other = multi_vector_model(tmp_path / "other", seed=2)
    mine(tmp_path / "work", beir, other)
    assert stats(tmp_path / "work")["reused"] == 0


def test_a_damaged_index_is_no_crash(tmp_path, beir, model):
    mine(tmp_path / "work", beir, model, late_scope="all")
    offsets = tmp_path / "work" / TOKENS["all"] / "document_offsets.npy"
    values = np.load(offsets)
    values[1] = 1_000_000
    np.save(offsets, values)
    with pytest.raises(CorruptArtifact, match="document_offsets"):
        negmine.retrieve(tmp_path / "work", k=3, verify="sizes")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"retriever": ["late", "bm25"], "late_model": None}, "--late-model"),
        ({"retriever": ["late"]}, "Name one beside late"),
        ({"retriever": ["late", "dense"], "dense_scope": "candidates"}, "Name one more"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(tmp_path, beir, model, flags, message):
    with pytest.raises(SettingsError, match=message):
        mine(tmp_path / "work", beir, model, **flags)


def test_a_model_of_one_vector_is_refused_before_any_work(tmp_path, beir):
    with pytest.raises(InputError, match="no multi-vector model"):
        mine(tmp_path / "work", beir, bert_model(tmp_path / "bert"))
    assert not (tmp_path / "work" / "1-index" / "corpus").exists()


def test_encoding_in_two_processes_gives_the_same_bits(tmp_path, beir, model):
    mine(tmp_path / "one", beir, model)
    mine(tmp_path / "two", beir, model, device="auto", devices="cpu,cpu")
    one, two = (rows_of(tmp_path / work) for work in ("one", "two"))
    assert all(two[name].equals(rows) for name, rows in one.items())
