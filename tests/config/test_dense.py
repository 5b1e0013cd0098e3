"""The models of --model: their names, and which setting is whose."""

import pytest

from negmine.config.dense import dense_models, split_name
from negmine.config.settings import IndexSettings
from negmine.errors import SettingsError


def models(*names, **settings):
    return {one.name: one for one in dense_models(IndexSettings(model=names, **settings))}


def prompts(names, *values):
    return [one.documents.query_prompt for one in models(*names, query_prompt=values).values()]


def test_names_are_dense_dense_2_and_so_on_by_place():
    assert list(models("a", "b/c", "d")) == ["dense", "dense_2", "dense_3"]
    assert list(models("e5=a", "b")) == ["e5", "dense_2"]
    assert models("e5=x/y=z")["e5"].documents.model == "x/y=z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e5=x", ("e5", "x")),
        ("e5=a=b", ("e5", "a=b")),
        ("e5=", ("e5", "")),
        ("e5=one\ntwo", ("e5", "one\ntwo")),
        ("query: ", ("", "query: ")),
        ("my-name=x", ("", "my-name=x")),
        ("5e=x", ("", "5e=x")),
        ("é=x", ("", "é=x")),
        ("/folder/a=b", ("", "/folder/a=b")),
    ],
)
def test_a_name_stands_before_the_first_equals_sign(text, expected):
    assert split_name(text) == expected


def test_a_prompt_is_for_all_models_or_for_one():
    assert prompts(["a", "b"]) == [None, None]
    assert prompts(["a", "b"], "query: ") == ["query: ", "query: "]
    assert prompts(["a", "b"], "query: ", "dense_2=Find: ") == ["query: ", "Find: "]
    assert prompts(["e5=a", "b"], "e5=query: ") == ["query: ", None]
    assert prompts(["e5=a", "b"], "e5=", "all: ") == ["", "all: "]
    assert prompts(["e5=a", "b"], "e5=e5=q", "dense_2=x=y") == ["e5=q", "x=y"]


def test_a_single_model_without_a_name_takes_a_prompt_as_it_is():
    assert prompts(["a"], "task=find: ") == ["task=find: "]
    assert prompts(["a"], "dense=find: ") == ["find: "]


def test_numbers_are_for_all_models_or_for_one():
    both = models("a", "small=b", dimensions=(64, "small=8"), max_length=("small=9",))
    assert [one.documents.dimensions for one in both.values()] == [64, 8]
    assert [one.queries.dimensions for one in both.values()] == [64, 8]
    assert [one.documents.max_length for one in both.values()] == [None, 9]
    assert models("a", dimensions=64)["dense"].documents.dimensions == 64
    assert models("a", dimensions="64")["dense"].documents.dimensions == 64


def test_queries_may_have_a_model_of_their_own():
    both = models("a", "leaf=b", query_model="leaf=c", query_prompt="leaf=q: ")
    assert [one.has_query_model for one in both.values()] == [False, True]
    assert both["leaf"].queries.model == "c"
    assert both["leaf"].queries.query_prompt == "q: "
    assert both["dense"].queries == both["dense"].documents


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": ["e5=a", "e5=b"]}, "names would be: e5, e5"),
        ({"model": ["e5=a", "E5=b"]}, "a name of its own"),
        ({"model": ["dense_2=a", "b"]}, "names would be: dense_2, dense_2"),
        ({"model": []}, "at least one"),
        ({"model": ["my-e5=a"]}, "letters, digits and _"),
        ({"model": ["e5="]}, "MODEL or NAME=MODEL"),
        ({"model": ["a", "a"]}, "dense and dense_2 are the same model"),
        ({"query_prompt": ["a", "b"]}, "2 times for all models"),
        ({"query_prompt": ["dense=a", "dense=b"]}, "twice for the model dense"),
        (
            {"model": ["e5=a", "bge=b"], "query_prompt": ["eb5=q"]},
            "no model is called eb5. Did you mean 'e5'[?].*e5=eb5=q",
        ),
        ({"model": ["e5=a"], "document_prompt": ["dense=q"]}, "There are: e5"),
        ({"dimensions": ["many"]}, "--dimensions 'many': give a whole number"),
        ({"dimensions": [0]}, "--dimensions '0': give a whole number, 1 or more"),
        ({"max_length": ["dense=-1"]}, "--max-length '-1'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(settings, message):
    with pytest.raises(SettingsError, match=message):
        dense_models(IndexSettings(**settings))


def test_one_model_twice_with_other_settings_is_two_retrievers():
    both = models("a", "short=a", dimensions="short=8")
    assert [one.documents.dimensions for one in both.values()] == [None, 8]
