"""--similarity dot: scores are inner products of vectors as they are, similarities of texts stay cosines."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.engine.progress import Notes
from negmine.errors import SettingsError
from negmine.retrievers.dense import coarse, exact, nearest
from negmine.stages.opening import open_existing
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, QUERIES, write_beir, write_vectors
from tests.models.tiny import static_model


def mine(work, data, **flags):
    given = {"retriever": ["dense"], "device": "cpu"} | flags
    return negmine.mine(work, data=data, **given)


def table(work, name="2-retrieve/candidates"):
    return Workdir(work).scan(name).collect()


@pytest.fixture
def data(tmp_path):
    return write_beir(tmp_path / "beir")


@pytest.fixture
def long(data):
    """Flags that bring vectors of lengths from 0.5 to 9."""
    flags = write_vectors(data)
    rows = np.load(flags["document_vectors"])
    np.save(flags["document_vectors"], rows * np.linspace(0.5, 9, len(rows))[:, None])
    return flags


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1000))
def test_exact_search_of_vectors_of_any_length_equals_brute_force(seed, scale):
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.1, 5, (300, 1)) * scale
    documents = (rng.standard_normal((300, 8)) * lengths).astype(np.float32)
    documents[150:160] = documents[140:150]  # ties
    queries = (rng.standard_normal((7, 8)) * rng.uniform(0.1, 9, (7, 1))).astype(np.float32)
    order = rng.permutation(300)
    longest = float(np.linalg.norm(documents, axis=1).max())
    hits = exact.search(queries, documents, 10, order, nearest.on_cpu, longest=longest)
    products = (queries.astype(float) @ documents.astype(float).T).astype(np.float32)
    for row in range(7):
        best = np.lexsort((order, -products[row]))[:10]
        assert hits.docs[row].tolist() == best.tolist()


def test_coarse_proposals_are_trusted_by_the_lengths_of_the_vectors():
    """Products of bfloat16 are off by a share of the lengths: a list that is not sure is searched again."""
    rng = np.random.default_rng(3)
    documents = (rng.standard_normal((400, 16)) * 100).astype(np.float32)
    queries = (rng.standard_normal((4, 16)) * 100).astype(np.float32)
    order, searched = np.arange(400), []

    def wrong(queries, documents, k):  # the second best half
        products = queries @ documents.T
        return np.argsort(-products, axis=1)[:, 5 : 5 + k]

    def right(queries, documents, k):
        searched.append(len(queries))
        return nearest.on_cpu(queries, documents, k)

    longest = float(np.linalg.norm(documents, axis=1).max()) * 1e4
    hits = exact.search(queries, documents, 10, order, right, wrong, longest)
    products = queries @ documents.T
    assert hits.docs.tolist() == np.argsort(-products, axis=1)[:, :10].tolist()
    assert searched
    assert coarse.depth(10) < 400


@pytest.mark.parametrize("index", ["flat", "HNSW8"])
def test_scores_are_inner_products_and_the_manifest_says_so(tmp_path, data, long, index):
    pytest.importorskip("faiss") if index != "flat" else None
    mine(tmp_path / "work", data, **long, similarity="dot", index=index, min_recall=0)
    documents, queries = np.load(long["document_vectors"]), np.load(long["query_vectors"])
    place = {name: row for row, name in enumerate(DOCUMENTS)}
    asked = {name: row for row, name in enumerate(QUERIES)}
    rows = table(tmp_path / "work").select("query_id", "doc_id", "dense_score")
    assert rows.height > 20
    for query, document, score in rows.rows():
        product = float(queries[asked[query]].astype(float) @ documents[place[document]])
        assert score == pytest.approx(product, rel=1e-5, abs=1e-6)
    stats = Workdir(tmp_path / "work").require("1-index/dense-vectors").stats
    assert (stats["similarity"], stats["normalised"]) == ("dot", False)
    assert stats["norms"]["document"] == pytest.approx([0.5, 9], abs=1e-4)
    assert stats["norms"]["query"] == pytest.approx([1, 1], abs=1e-4)


def test_similarities_of_documents_and_queries_stay_cosines(tmp_path, data, long):
    flags = {"owner_query": 0.9, "max_signal": ["centroid_similarity=2"]}
    mine(tmp_path / "dot", data, **long, **flags, similarity="dot", k=23)
    mine(tmp_path / "cosine", data, **long, **flags, k=23)
    features = [table(tmp_path / name, "4-filter/features") for name in ("dot", "cosine")]
    both = features[0].join(features[1], on=["query_id", "doc_id"])
    assert both.height == features[0].height == features[1].height
    for name in ("positive_similarity", "positive_similarity_mean", "owner_query_similarity"):
        left, right = both[name].to_list(), both[f"{name}_right"].to_list()
        assert left == pytest.approx(right, abs=1e-6, nan_ok=True), name
        assert max(filter(None, left)) <= 1 + 1e-6
    kinds = [
        open_existing(tmp_path / n, {}).config.retrievers[0].score_kind for n in ("dot", "cosine")
    ]
    assert kinds == ["product", "cosine"]


def test_cosine_leaves_every_identity_as_it_was(tmp_path, data, long):
    mine(tmp_path / "work", data, **long)
    settings = Workdir(tmp_path / "work").require("1-index/dense-vectors").settings
    assert settings.keys() == {"vectors", "vector_dtype"}
    mine(tmp_path / "dot", data, **long, similarity="dot")
    settings = Workdir(tmp_path / "dot").require("1-index/dense-vectors").settings
    assert settings["similarity"] == "dot"


def test_a_model_for_inner_products_keeps_lengths_and_has_a_cache_of_its_own(tmp_path, data):
    model = static_model(tmp_path / "static" / "model")
    stored = json.loads((model / "config_sentence_transformers.json").read_text())
    written = json.dumps(stored | {"similarity_fn_name": "dot"})
    (model / "config_sentence_transformers.json").write_text(written)
    progress = Notes()
    mine(tmp_path / "work", data, model=str(model), progress=progress)
    assert any("--similarity dot keeps the lengths" in one for one in progress.messages)
    unit = np.load(tmp_path / "work" / "1-index" / "dense-model" / "documents.npy")
    mine(tmp_path / "work", data, model=str(model), similarity="dot")
    stats = Workdir(tmp_path / "work").require("1-index/dense-model").stats
    assert stats["reused"] == 0
    long = np.load(tmp_path / "work" / "1-index" / "dense-model" / "documents.npy")
    norms = np.linalg.norm(long, axis=1)
    assert norms.max() > 1.5
    assert stats["norms"]["document"] == pytest.approx([norms.min(), norms.max()], rel=1e-4)
    assert long / norms[:, None] == pytest.approx(unit, abs=1e-6)
    mine(tmp_path / "work", data, model=str(model))
    assert Workdir(tmp_path / "work").require("1-index/dense-model").stats["encoded"] == 0


def test_new_documents_are_searched_alone_under_inner_products_too(tmp_path, data):
    model = str(static_model(tmp_path / "static" / "model"))
    mine(tmp_path / "work", data, model=model, similarity="dot", k=5)
    write_beir(data, documents={"new": ("", "hot black tea water")} | DOCUMENTS)
    mine(tmp_path / "work", data, model=model, similarity="dot", k=5)
    mine(tmp_path / "fresh", data, model=model, similarity="dot", k=5)
    assert table(tmp_path / "work").equals(table(tmp_path / "fresh"))
    run = Workdir(tmp_path / "work").require("2-retrieve/dense-model")
    assert run.stats["searched"]["in_new"] > 0


def test_what_needs_a_cosine_is_refused(tmp_path, data, long):
    with pytest.raises(SettingsError, match="--sampling diverse weighs"):
        mine(tmp_path / "work", data, **long, similarity="dot", sampling="diverse")
    with pytest.raises(SettingsError, match=r"--similarity dot is for the dense retriever"):
        negmine.mine(tmp_path / "work", data=data, retriever=["bm25"], similarity="dot")


def test_a_guide_stays_a_cosine_under_inner_products(tmp_path, data, long):
    guide = {"guide_model": [str(static_model(tmp_path / "guide"))]}
    mine(tmp_path / "work", data, **long, **guide, similarity="dot")
    scores = table(tmp_path / "work", "4-filter/verdicts")["guide_score"].drop_nulls()
    assert scores.abs().max() <= 1 + 1e-6
    assert scores.len() > 0
    assert isinstance(scores, pl.Series)
