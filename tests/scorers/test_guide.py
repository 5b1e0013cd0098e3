"""Guides, end to end: each distinct text once, each guide its column and its say."""

import polars as pl
import pytest

import negmine
from negmine.errors import InputError, RetrieverError, SettingsError
from negmine.storage.workdir import Workdir
from tests.models.tiny import static_model


@pytest.fixture(scope="module")
def guides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guides")
    return [str(static_model(folder / name, seed=n)) for n, name in enumerate(("one", "two"))]


def mine(work, data, guides, **flags):
    flags = {"retriever": ["bm25"], "device": "cpu", "relative_margin": None} | flags
    return negmine.mine(work, data=data, guide_model=guides, **flags)


def verdicts(work):
    return Workdir(work).scan("4-filter/verdicts").collect()


def test_each_guide_has_its_column_and_its_say(tmp_path, beir, guides):
    result = mine(tmp_path / "work", beir, guides)
    rows = verdicts(result.work)
    assert rows["guide_score"].null_count() == rows["guide_2_score"].null_count() == 0
    positive = pl.col("label") == "positive"
    for name in ("guide", "guide_2"):
        score = pl.col(f"{name}_score")
        anchor = score.filter(positive).min().over("query_id")
        assert rows.filter(pl.col("kept"), score > anchor).height == 0
    suspected = rows.filter(reason="suspected_by_guide")
    assert suspected.height == result.summary["removed"]["suspected_by_guide"] > 0


def test_scores_are_cosines_of_the_guides_vectors(tmp_path, beir, guides):
    from sentence_transformers import SentenceTransformer

    result = mine(tmp_path / "work", beir, guides[:1])
    disk = Workdir(result.work)
    rows = verdicts(result.work).head(10)
    queries = disk.scan("1-index/queries").select("query_id", "text").collect()
    corpus = disk.scan("1-index/corpus").select("doc_id", "title", document="text").collect()
    pairs = rows.join(queries, on="query_id", maintain_order="left").join(
        corpus, on="doc_id", maintain_order="left"
    )
    model = SentenceTransformer(guides[0], device="cpu")
    left = model.encode(pairs["text"].to_list(), normalize_embeddings=True)
    texts = (pairs["title"] + " " + pairs["document"]).str.strip_chars().to_list()
    right = model.encode(texts, normalize_embeddings=True)
    expected = (left * right).sum(axis=1)
    assert pairs["guide_score"].to_list() == pytest.approx(expected.tolist(), abs=1e-6)


def test_a_guide_with_prompts_is_another_guide(tmp_path, beir, guides):
    mine(tmp_path / "work", beir, guides[:1])
    before = verdicts(tmp_path / "work")["guide_score"]
    states = {
        s.artifact.name: s.state
        for s in negmine.status(tmp_path / "work", guide_query_prompt="query : ")
    }
    assert [n for n, state in states.items() if state == "stale"] == [
        "4-filter/guide-one", "4-filter/verdicts",
        "5-write/triplet", "5-write/provenance", "5-write/short", "5-write",
    ]  # fmt: skip
    negmine.filter(tmp_path / "work", guide_query_prompt="query : ")
    assert verdicts(tmp_path / "work")["guide_score"].to_list() != before.to_list()


def test_each_guide_may_have_its_own_prompt(tmp_path, beir, guides):
    both = {"guide_query_prompt": ["query : "], "guide_document_prompt": ["tea", "cats"]}
    mine(tmp_path / "two", beir, guides, **both)
    rows = verdicts(tmp_path / "two")
    for name, guide, prompt in (("guide", guides[0], "tea"), ("guide_2", guides[1], "cats")):
        alone = {"guide_query_prompt": "query : ", "guide_document_prompt": prompt}
        mine(tmp_path / name, beir, [guide], **alone)
        expected = verdicts(tmp_path / name)["guide_score"].to_list()
        assert rows[f"{name}_score"].to_list() == expected
    other = {"guide_query_prompt": ["", "query : "]}
    states = {s.artifact.name: s.state for s in negmine.status(tmp_path / "two", **other)}
    assert states["4-filter/guide-one"] == "stale"
    assert states["4-filter/guide_2-two"] == "fresh"


def test_a_length_for_a_guide_that_has_none_is_told(tmp_path, beir, guides):
    with pytest.raises(RetrieverError, match="Leave --max-length"):
        mine(tmp_path / "work", beir, guides[:1], guide_max_length=4)


def test_the_miner_as_guide_encodes_nothing_again(tmp_path, beir, guides, monkeypatch):
    negmine.mine(tmp_path / "work", data=beir, retriever=["dense"], model=guides[0], device="cpu")
    from negmine.models.load import Model

    def fails(*arguments):
        raise AssertionError("this was encoded before")

    monkeypatch.setattr(Model, "__init__", fails)
    result = negmine.filter(tmp_path / "work", guide_model=guides[:1])
    rows = verdicts(result.work)
    assert rows["guide_score"].to_list() == rows["dense_score"].to_list()


def test_another_margin_scores_nothing_again(tmp_path, beir, guides):
    mine(tmp_path / "work", beir, guides)
    result = negmine.filter(tmp_path / "work", guide_margin=0.2)
    outcomes = {row["artifact"]: row["outcome"] for row in result.artifacts}
    assert outcomes["4-filter/guide-one"] == "fresh"
    assert outcomes["4-filter/verdicts"] == "made"


def test_thresholds_and_order_may_read_the_guide(tmp_path, beir, guides):
    flags = {"score": "guide", "max_score": 0.5, "order": "guide", "guide_margin": -5.0}
    result = mine(tmp_path / "work", beir, guides[:1], **flags)
    rows = verdicts(result.work)
    assert rows.filter("kept")["guide_score"].max() <= 0.5
    about = pl.read_parquet(result.work / "5-write" / "provenance" / "*.parquet")
    one = ["query_id", "positive_id"]
    gaps = about.select(pl.col("guide_score").diff().over(one))["guide_score"].drop_nulls()
    assert (gaps <= 0).all()


def test_mistakes_are_told(tmp_path, beir, guides):
    with pytest.raises(InputError, match="--guide-model nobody/nothing: neither a folder"):
        mine(tmp_path / "a", beir, ["nobody/nothing"])
    with pytest.raises(SettingsError, match="--guide-model: name each once"):
        mine(tmp_path / "b", beir, [guides[0], guides[0]])
