"""A late-interaction model as --rerank-model: recognised by its folder, MaxSim of every pair."""

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.config.settings import IndexSettings, RerankSettings
from negmine.errors import SettingsError
from negmine.scorers.late import LateInteraction
from negmine.storage.digests import Digests
from negmine.storage.workdir import Workdir
from tests.models.tiny import multi_vector_model

PAIRS = [("hot tea", "green tea in hot water"), ("cats", "how long do cats sleep"), ("hot tea", "")]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return multi_vector_model(tmp_path_factory.mktemp("late"), prompts={"document": "passage : "})


@pytest.fixture
def opened(model, tmp_path):
    digest = Digests(tmp_path / "d.json")
    index = IndexSettings(device="cpu", late_vector_dtype="float32")
    settings = RerankSettings(rerank_model=str(model))
    return LateInteraction(settings, index, digest, tmp_path / "vectors", print)


def mine(work, data, model, **flags):
    given = {"retriever": ["bm25"], "rerank_model": str(model), "device": "cpu", "k": 5}
    return negmine.mine(work, data=data, **(given | flags))


def scores(work):
    return Workdir(work).scan("3-rerank/model").collect()


def test_scores_are_those_of_sentence_transformers(opened, model):
    from sentence_transformers import MultiVectorEncoder

    encoder = MultiVectorEncoder(str(model), device="cpu")
    queries, documents = zip(*PAIRS, strict=True)
    expected = encoder.similarity_pairwise(
        encoder.encode_query(list(queries)), encoder.encode_document(list(documents))
    )
    assert opened.score(queries, documents) == pytest.approx(expected.numpy(), abs=1e-5)


def test_a_pair_has_the_same_bits_in_any_company(opened):
    queries, documents = zip(*PAIRS, strict=True)
    together = opened.score(queries, documents)
    alone = [opened.score([query], [document])[0] for query, document in PAIRS]
    assert np.array_equal(together, alone)


def test_every_candidate_and_positive_has_the_score_that_the_retriever_gives(tmp_path, beir, model):
    mine(tmp_path / "work", beir, model, retriever=["bm25", "late"], late_model=str(model))
    rows = Workdir(tmp_path / "work").scan("4-filter/verdicts").collect()
    assert rows["rerank_score"].null_count() == 0
    assert rows["rerank_score"].to_list() == rows["late_score"].to_list()
    about = Workdir(tmp_path / "work").require("3-rerank/model").settings
    assert (about["score_kind"], about["late_vector_dtype"]) == ("maxsim", "float16")


def test_what_is_encoded_once_is_not_encoded_again(tmp_path, beir, model):
    mine(tmp_path / "work", beir, model, rerank_depth=1)
    before = set((tmp_path / "work" / "vectors").rglob("*.arrow"))
    some = scores(tmp_path / "work")
    negmine.rerank(tmp_path / "work", rerank_depth=1, force=True)
    assert set((tmp_path / "work" / "vectors").rglob("*.arrow")) == before
    assert scores(tmp_path / "work").equals(some)
    mine(tmp_path / "work", beir, model)
    mine(tmp_path / "fresh", beir, model)
    assert scores(tmp_path / "work").equals(scores(tmp_path / "fresh"))
    assert some["score"].null_count() > 0


@pytest.mark.parametrize(
    "flags", [{"rerank_prompt": "p"}, {"rerank_activation": "none"}, {"rerank_max_length": 9}]
)
def test_flags_that_a_late_model_has_no_use_for_are_refused(tmp_path, beir, model, flags):
    flag = "--" + next(iter(flags)).replace("_", "-")
    with pytest.raises(SettingsError, match=flag):
        mine(tmp_path / "work", beir, model, **flags)


def test_its_precision_shapes_the_scores(tmp_path, beir, model):
    mine(tmp_path / "work", beir, model)
    half = scores(tmp_path / "work")
    negmine.rerank(tmp_path / "work", late_vector_dtype="float32")
    both = half.join(scores(tmp_path / "work"), on=["query_id", "doc_id"])
    assert both.filter(pl.col("score") != pl.col("score_right")).height
    assert both["score"].to_numpy() == pytest.approx(both["score_right"].to_numpy(), abs=0.05)
