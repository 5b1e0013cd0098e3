"""Room 3: a cross-encoder's scores, end to end, and what it promises."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.config.settings import IndexSettings, RerankSettings
from negmine.errors import InputError, ScorerError, SettingsError
from negmine.scorers.cross_encoder import open_cross_encoder
from negmine.storage.digests import Digests
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, write_beir
from tests.models.tiny import WORDS, cross_encoder
from tests.properties import share

CPU = IndexSettings(device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return cross_encoder(tmp_path_factory.mktemp("ce") / "tiny")


@pytest.fixture(scope="module")
def opened(folder, tmp_path_factory):
    digest = Digests(tmp_path_factory.mktemp("digests") / "d.json")
    return lambda **flags: open_cross_encoder(
        RerankSettings(rerank_model=str(folder), **flags), CPU, digest
    )


def mine(work, data, folder, **flags):
    return negmine.mine(
        work, data=data, rerank_model=str(folder), device="cpu", **({"retriever": ["bm25"]} | flags)
    )


def verdicts(work):
    return Workdir(work).scan("4-filter/verdicts").collect()


def scores(work):
    return Workdir(work).scan("3-rerank/tiny").collect()


sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join)


@share(0.3)
@given(st.lists(st.tuples(sentences, sentences), min_size=1, max_size=8), st.integers(1, 9))
def test_a_pairs_score_does_not_depend_on_its_company(opened, pairs, size):
    queries, documents = zip(*pairs, strict=True)
    together = opened(rerank_batch_size=size).score(queries, documents)
    turned = opened().score(queries[::-1], documents[::-1])[::-1]
    alone = [opened().score([q], [d])[0] for q, d in pairs[:3]]
    assert np.allclose(together, turned, atol=1e-5)
    assert np.allclose(together[:3], alone, atol=1e-5)


def test_scores_are_those_of_sentence_transformers(folder, opened):
    from sentence_transformers import CrossEncoder

    pairs = [("hot tea", "green tea in hot water"), ("cats", "how long do cats sleep"), ("a", "b")]
    model = CrossEncoder(str(folder), device="cpu")
    queries, documents = zip(*pairs, strict=True)
    assert np.allclose(opened().score(queries, documents), model.predict(pairs), atol=1e-6)
    raw = opened(rerank_activation="none").score(queries, documents)
    assert np.allclose(1 / (1 + np.exp(-raw)), model.predict(pairs), atol=1e-6)


def test_every_candidate_and_positive_gets_a_score_beside_the_fused_rank(tmp_path, beir, folder):
    result = mine(tmp_path / "work", beir, folder)
    rows = verdicts(result.work)
    assert rows["rerank_score"].null_count() == 0
    best = rows.sort("query_id", "rerank_rank").group_by("query_id", maintain_order=True).first()
    top = rows.group_by("query_id").agg(pl.col("rerank_score").max())
    assert (
        best.join(top, on="query_id")
        .filter(pl.col("rerank_score") != pl.col("rerank_score_right"))
        .height
        == 0
    )
    assert rows.filter(pl.col("rank") == 1).height == rows["query_id"].n_unique()
    about = pl.read_parquet(result.work / "5-write" / "provenance" / "*.parquet")
    assert {"rerank_rank", "rerank_score"} <= set(about.columns)
    manifest = Workdir(result.work).require("3-rerank/tiny")
    assert manifest.settings["score_kind"] == "activation"


def test_depth_scores_the_first_of_the_fused_list_and_all_positives(tmp_path, beir, folder):
    flags = {"score": "rerank", "max_score": 1.0, "rerank_depth": 2}
    flags["judged_negatives"] = "ignore"
    result = mine(tmp_path / "work", beir, folder, **flags)
    rows = verdicts(result.work)
    scored = (pl.col("rank") <= 2) | (pl.col("label") == "positive")
    assert rows.filter(scored)["rerank_score"].null_count() == 0
    assert rows.filter(~scored)["rerank_score"].is_null().all()
    assert rows.filter(~scored)["reason"].unique().to_list() == ["not_scored"]
    kept = negmine.filter(result.work, unscored="keep")
    assert "not_scored" not in kept.summary["removed"]
    assert kept.summary["kept"] > result.summary["kept"]


def test_a_deeper_run_scores_only_what_is_new(tmp_path, beir, folder, monkeypatch):
    from negmine.scorers.cross_encoder import CrossEncoder

    asked = []
    real = CrossEncoder._predict
    monkeypatch.setattr(
        CrossEncoder, "_predict", lambda self, pairs: asked.extend(pairs) or real(self, pairs)
    )
    mine(tmp_path / "work", beir, folder, rerank_depth=2)
    first = list(asked)
    mine(tmp_path / "work", beir, folder)
    assert len(set(asked)) == len(asked) > len(first)
    asked.clear()
    grown = DOCUMENTS | {"new": ("", "A list of cats sorted by how long they sleep")}
    mine(tmp_path / "work", write_beir(tmp_path / "beir", documents=grown), folder)
    assert {document for _, document in asked} == {grown["new"][1]}
    asked.clear()
    negmine.rerank(tmp_path / "work", force=True)
    assert asked == []


def test_the_rows_are_those_of_a_fresh_run(tmp_path, beir, folder):
    mine(tmp_path / "one", beir, folder, rerank_depth=2)
    mine(tmp_path / "one", beir, folder)
    mine(tmp_path / "other", beir, folder)
    one, other = scores(tmp_path / "one"), scores(tmp_path / "other")
    assert one.drop("score").equals(other.drop("score"))
    assert one["score"].to_list() == pytest.approx(other["score"].to_list(), abs=1e-5)


def test_a_kill_in_the_middle_changes_no_bit(tmp_path, beir, folder, monkeypatch):
    """What is left is scored in the same batches as without the kill."""
    from negmine.scorers.cross_encoder import CrossEncoder

    real, calls = CrossEncoder._predict, []

    def dies(self, pairs):
        calls.append(len(pairs))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, pairs)

    monkeypatch.setattr(CrossEncoder, "_predict", dies)
    with pytest.raises(KeyboardInterrupt):
        mine(tmp_path / "one", beir, folder, rerank_batch_size=2)
    mine(tmp_path / "one", beir, folder, rerank_batch_size=2)
    assert len(calls) > 5
    done = sum(calls) - calls[2]  # all but the call that died
    monkeypatch.setattr(CrossEncoder, "_predict", real)
    mine(tmp_path / "other", beir, folder, rerank_batch_size=2)
    assert done == scores(tmp_path / "other").height
    assert scores(tmp_path / "one").equals(scores(tmp_path / "other"))


def test_another_checkpoint_of_the_same_name_scores_again(tmp_path, beir, folder):
    mine(tmp_path / "work", beir, folder)
    before = scores(tmp_path / "work")
    states = {
        s.artifact.name: s.state
        for s in negmine.status(
            tmp_path / "work", rerank_model=str(cross_encoder(tmp_path / "x" / "tiny", seed=2))
        )
    }
    assert states["3-rerank/tiny"] == "stale"
    assert states["2-retrieve/candidates"] == "fresh"
    negmine.rerank(tmp_path / "work", rerank_model=str(tmp_path / "x" / "tiny"))
    assert not scores(tmp_path / "work").equals(before)


def test_turning_it_off_leaves_its_column_out(tmp_path, beir, folder):
    mine(tmp_path / "work", beir, folder)
    result = negmine.mine(tmp_path / "work", data=beir, retriever=["bm25"])
    assert "rerank_score" not in verdicts(result.work).columns
    assert {r["artifact"]: r["outcome"] for r in result.artifacts}[
        "2-retrieve/candidates"
    ] == "fresh"


def test_a_scorer_of_the_users_own(tmp_path, beir, monkeypatch):
    (tmp_path / "my_scorer.py").write_text(
        "import numpy as np\n"
        "class Length:\n"
        "    def score(self, queries, documents):\n"
        "        return np.array([len(d) for d in documents], np.float32)\n"
        "class Bad:\n"
        "    def score(self, queries, documents):\n"
        "        return np.full(len(queries), np.nan)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    result = mine(tmp_path / "work", beir, "my_scorer:Length", order="rerank")
    rows = verdicts(result.work)
    cats = rows.filter(pl.col("doc_id") == "cat-1")["rerank_score"]
    assert cats.unique().to_list() == [float(len(" ".join(DOCUMENTS["cat-1"])))]
    with pytest.raises(ScorerError, match=r"--rerank-model my_scorer:Bad returned .* not finite"):
        mine(tmp_path / "bad", beir, "my_scorer:Bad")
    with pytest.raises(SettingsError, match="--rerank-model nowhere:Nothing"):
        mine(tmp_path / "none", beir, "nowhere:Nothing")


def test_models_that_cannot_rerank_are_told(tmp_path, beir):
    with pytest.raises(InputError, match="--rerank-model nobody/nothing: neither a folder"):
        mine(tmp_path / "a", beir, "nobody/nothing")
    with pytest.raises(ScorerError, match="gives 3 numbers for a pair"):
        mine(tmp_path / "b", beir, cross_encoder(tmp_path / "classes", labels=3))
    negmine.mine(tmp_path / "c", data=beir, retriever=["bm25"])
    with pytest.raises(SettingsError, match="Give --rerank-model"):
        negmine.rerank(tmp_path / "c")
    with pytest.raises(
        SettingsError, match=r"--score rerank: no such score here\. There are: bm25"
    ):
        negmine.filter(tmp_path / "c", score="rerank")


@pytest.mark.slow
def test_a_real_cross_encoder_puts_positives_first(tmp_path, collections):
    model = collections.parent / "models" / "ce-minilm"
    if not model.is_dir():
        pytest.skip("the real cross-encoder is not here (../shared/models)")
    examples = {  # a few claims of the demo, and what they rest on
        "1": ("Blood pressure", "Diastolic blood pressure had a greater effect on abdominal aortic aneurysm."),
        "2": ("Tea", "Green tea is best brewed at eighty degrees."),
        "3": ("Prions", "One in 2000 of the population carries abnormal prion protein."),
        "4": ("Snakes", "The Burmese python is one of the largest snakes."),
    }  # fmt: skip
    queries = {"q1": "How hot should water be for green tea?", "q4": "largest snake in the world"}
    data = write_beir(tmp_path / "beir", examples, queries, [("q1", "2", 1), ("q4", "4", 1)])
    flags = {"retriever": ["bm25"], "score": "rerank", "relative_margin": 0.05}
    result = mine(tmp_path / "work", data, model, **flags)
    rows = verdicts(result.work)
    positives = rows.filter(pl.col("label") == "positive")
    assert positives["rerank_rank"].to_list() == [1, 1]
    assert (positives["rerank_score"] > 0.5).all()
