"""What --recipe takes, and what a recipe may not be."""

import pytest

from negmine.analysis.prove.recipes import recipe_context, recipe_names
from negmine.cli.commands.prove import read_recipes
from negmine.errors import SettingsError
from negmine.stages.opening import open_existing


def test_a_recipe_is_a_name_and_flags_of_filter_and_write():
    read = read_recipes(["mild=--max-risk 0.2 --no-relative-margin --order dense", "plain="])
    assert read == {
        "mild": {"max_risk": 0.2, "no_relative_margin": True, "order": "dense"},
        "plain": {},
    }


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["--max-risk 0.2"], "say NAME='FLAGS'"),
        (["mild"], "say NAME='FLAGS'"),
        (["mild=--max-risk"], "--recipe mild: Option '--max-risk' requires an argument"),
        (["mild=--k 5"], "No such option: --k"),
        (["mild=--max-risk 'a"], "No closing quotation"),
        (["mild=", "mild="], "given twice"),
    ],
)
def test_a_recipe_that_cannot_be_read_is_named(texts, words):
    with pytest.raises(SettingsError, match="--recipe") as raised:
        read_recipes(texts)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("own", "left_out", "against", "words"),
    [
        ({"margin": {}}, (), "margin", "built-in"),
        ({"untrained": {}}, (), "margin", "built-in"),
        ({}, ("in-batch", "random", "margin"), "work", "nothing to compare"),
        ({}, ("margin",), "margin", "--against margin"),
        ({}, ("margins",), "work", "Did you mean 'margin'"),
        ({}, ("nobody",), "work", "They are in-batch, random, margin, work."),
    ],
)
def test_what_cannot_be_compared_is_refused(own, left_out, against, words):
    with pytest.raises(SettingsError) as raised:
        recipe_names(own, left_out, against)
    assert words in str(raised.value)


def test_a_setting_of_another_stage_is_refused(mined):
    context = open_existing(mined, {})
    with pytest.raises(SettingsError, match="--k belongs to retrieve"):
        recipe_context(context, "deep", {"deep": {"k": 5}})


def test_the_margin_alone_is_what_the_peer_does_whatever_the_work_directory_remembers(mined):
    rules = recipe_context(open_existing(mined, {"max_risk": 0.5, "order": "bm25"}), "margin", {})
    chosen = rules.config.filter
    assert (chosen.relative_margin, chosen.max_risk, chosen.score) == (0.05, None, "dense")
    assert (rules.config.write.order, rules.config.write.num_negatives) == ("dense", 4)
