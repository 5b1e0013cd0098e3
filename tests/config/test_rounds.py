"""Rounds: what the models of earlier rounds are called, and what a round starts from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.dense import dense_models
from negmine.config.rounds import check_order, earlier_name, folder_name, is_earlier
from negmine.errors import SettingsError
from tests.configs import resolve

DENSE = {"retriever": ["bm25", "dense"]}


def names(config):
    return [one.name for one in dense_models(config.index)]


def settings(config):
    """Return name to (model, query prompt, length, model of queries) of all dense models."""
    return {
        one.name: (
            one.documents.model, one.documents.query_prompt, one.documents.max_length, one.queries.model,
        )
        for one in dense_models(config.index)
    }  # fmt: skip


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["dense", "e5", "dense_2"]))
def test_a_model_keeps_its_folders_and_no_two_share_them(made_in, now, name):
    own = folder_name(name, made_in)
    if now > made_in:
        assert folder_name(earlier_name(name, made_in), now) == own
        assert folder_name(name, now) != own
    assert folder_name(name, None) == folder_name(name, 1) == name
    assert is_earlier(earlier_name(name, made_in))
    assert not is_earlier(name)


def test_each_round_adds_its_model_and_keeps_all_that_were_before():
    one = resolve(DENSE | {"model": ["a/m1"]})
    two = resolve({"round": 2, "model": ["a/m2"]}, remembered=one)
    assert names(two) == ["dense", "round1_dense"]
    assert two.retriever_names == ["bm25", "dense", "round1_dense"]
    three = resolve({"round": 3, "model": ["a/m3"]}, remembered=two)
    assert list(three.index.earlier_model) == ["round2_dense=a/m2", "round1_dense=a/m1"]
    assert three.vector_retriever.name == "dense"
    again = resolve({"round": 3, "model": ["a/m3"]}, remembered=three)
    assert again.index == three.index


def test_other_commands_of_a_round_keep_its_earlier_models():
    two = resolve({"round": 2, "model": ["a/m2"]}, remembered=resolve(DENSE | {"model": ["a/m1"]}))
    other = resolve({"model": ["a/other"], "max_risk": 0.1}, remembered=two)
    assert settings(other)["round1_dense"][0] == "a/m1"
    assert other.round == 2


def test_a_model_keeps_what_was_set_for_it_whatever_the_next_round_sets():
    one = resolve(
        DENSE
        | {"model": ["a/m1", "e5=a/e5"], "query_prompt": ["q: ", "e5=query: "], "max_length": [64]}
        | {"query_model": ["dense=a/small"]}
    )
    two = resolve({"round": 2, "model": ["a/m2"], "query_prompt": ["find: "]}, remembered=one)
    assert settings(two) == {
        "dense": ("a/m2", "find: ", 64, "a/m2"),
        "round1_dense": ("a/m1", "q: ", 64, "a/small"),
        "round1_e5": ("a/e5", "query: ", 64, "a/e5"),
    }
    without = resolve({"query_prompt": ["none"], "max_length": ["none"]}, remembered=two)
    assert settings(without) == settings(two) | {"dense": ("a/m2", None, None, "a/m2")}


def test_a_prompt_for_all_is_not_for_earlier_rounds_that_had_none():
    one = resolve(DENSE | {"model": ["a/m1"]})
    two = resolve({"round": 2, "model": ["a/m2"], "query_prompt": ["q: "]}, remembered=one)
    assert settings(two)["dense"][1] == "q: "
    assert settings(two)["round1_dense"][1] is None
    empty = resolve(DENSE | {"model": ["a/m1"], "query_prompt": [""]})
    two = resolve({"round": 2, "model": ["a/m2"], "query_prompt": ["q: "]}, remembered=empty)
    assert settings(two)["round1_dense"][1] == ""


def test_a_round_after_one_without_a_dense_retriever_has_no_earlier_model():
    one = resolve({"retriever": ["bm25"]})
    two = resolve(DENSE | {"round": 2, "model": ["a/m2"]}, remembered=one)
    assert names(two) == ["dense"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "--round 2 needs --model: the model that was trained on what round 1 wrote"),
        (
            {"model": ["a/m1"]},
            "this is the model of an earlier round, which is here as round1_dense",
        ),
        ({"model": ["e5=a/m1"]}, "round1_dense"),
        ({"model": ["round1_e5=a/m2"]}, "Choose another name"),
        ({"query_vectors": "q.npy", "document_vectors": "d.npy"}, "--round 2"),
        ({"model": ["m"], "model_url": "http://h/v1"}, "--round 2"),
    ],
)
def test_what_is_no_next_round_is_refused(given, message):
    one = resolve(DENSE | {"model": ["a/m1"]})
    with pytest.raises(SettingsError, match=message):
        resolve({"round": 2, **given}, remembered=one)


def test_a_round_that_is_no_number_from_1_is_refused_as_a_setting():
    for value in (0, -1):
        with pytest.raises(SettingsError, match="--round"):
            resolve({"round": value, "model": ["a/m2"]}, remembered=resolve(DENSE))


def test_a_split_is_one_of_the_data_that_are_there_and_other_data_take_its_place():
    one = resolve({"data": "d", "qrels_split": "train"})
    assert str(resolve({"qrels_split": "dev"}, remembered=one).index.data).endswith("d")
    assert resolve({"data": "e"}, remembered=one).index.qrels_split is None
    assert resolve({"corpus": "c", "queries": "q", "qrels": "r"}, remembered=one).index.data is None


def test_a_round_after_vectors_of_ones_own_is_refused():
    own = {"query_vectors": "q.npy", "document_vectors": "d.npy"}
    one = resolve(DENSE | own)
    with pytest.raises(SettingsError, match="keeps only models that are files"):
        resolve({"round": 2, "model": ["a/m2"]}, remembered=one)


def test_settings_of_rounds_without_a_round_are_refused():
    with pytest.raises(SettingsError, match="--keep-share: nothing reads it"):
        resolve(DENSE | {"keep_share": 0.5})
    with pytest.raises(SettingsError, match="--earlier-model round1_dense=a/m1: --round names"):
        resolve(DENSE | {"earlier_model": ["round1_dense=a/m1"]})


@pytest.mark.parametrize(
    ("number", "last", "message"),
    [
        (2, None, "starts from round 1, and there is none in w. Give --since"),
        (3, 1, "Run round 2 first"),
        (2, 3, "w is in round 3 already"),
    ],
)
def test_rounds_come_one_after_the_other(number, last, message):
    with pytest.raises(SettingsError, match=message):
        check_order(number, last, "w")


@pytest.mark.parametrize(("number", "last"), [(1, None), (1, 1), (2, 1), (2, 2), (3, 2)])
def test_a_round_follows_its_own_and_the_last_one(number, last):
    check_order(number, last, "w")
