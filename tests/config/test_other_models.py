"""Settings of models that were remembered, and other models that a flag names."""

import pytest

from negmine.errors import SettingsError
from tests.configs import resolve

BOTH = {
    "model": ["a", "e5=b"],
    "query_prompt": ["all: ", "e5=query: "],
    "dimensions": ["e5=64"],
    "query_model": ["e5=q"],
}


def index(flags, before=BOTH):
    return resolve(flags, remembered=resolve(before)).index


def test_what_was_set_for_a_model_goes_with_it():
    now = index({"model": "a"})
    assert (now.query_prompt, now.dimensions, now.query_model) == (("all: ",), (), ())


def test_what_was_set_for_a_model_stays_with_it():
    now = index({"model": ["e5=b", "c"]})
    assert now.query_prompt == ("all: ", "e5=query: ")
    assert (now.dimensions, now.query_model) == (("e5=64",), ("e5=q",))


def test_a_text_that_only_looks_like_a_name_stays():
    before = {"model": "a", "query_prompt": "task=find: "}
    assert index({"model": "b"}, before).query_prompt == ("task=find: ",)


def test_a_command_that_names_no_model_changes_nothing():
    assert index({"k": 5}).query_prompt == ("all: ", "e5=query: ")


@pytest.mark.parametrize("models", [["a", "e5=c"], ["e5=other"]])
def test_an_encoder_of_queries_is_not_given_to_another_model(models):
    with pytest.raises(SettingsError, match="--query-model e5=q was for other models"):
        index({"model": models})
    assert index({"model": models, "query_model": "none"}).query_model == ()
    assert index({"model": models, "query_model": "e5=r"}).query_model == ("e5=r",)


def test_a_models_folder_may_be_named_anew(tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path)
    before = {"model": "own", "query_model": "q"}
    assert index({"model": "./own"}, before).query_model == ("q",)
    with pytest.raises(SettingsError, match="--query-model q was for other models"):
        index({"model": ["own", "e5=b"]}, before)
