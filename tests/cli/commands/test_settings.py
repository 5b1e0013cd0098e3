"""`negmine settings`: names and descriptions are searched; nothing found names what is near."""

import pytest

from negmine.config.catalogue import ENTRIES
from tests.cli.conftest import answer, invoke


def test_without_a_word_all_settings_are_listed_with_stage_and_default():
    settings = answer("settings")["settings"]
    assert [one["name"] for one in settings] == list(ENTRIES)
    k = next(one for one in settings if one["name"] == "k")
    assert (k["flag"], k["stage"], k["default"]) == ("--k", "retrieve", 100)


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_every_width_shows_name_stage_default_and_description(width):
    shown = invoke("settings", "near-duplicate", width=width).output
    for piece in ("--near-duplicate", "--no-near-duplicate", "filter", "0.95"):
        assert piece in shown
    assert "Drop a candidate this similar" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= width


def test_a_name_that_has_the_word_comes_before_a_description_that_has_it():
    names = [one["name"] for one in answer("settings", "leak")["settings"]]
    assert names[0] == "max_leak"
    assert "max_risk" in names


def test_several_words_must_all_be_there():
    assert [one["name"] for one in answer("settings", "rerank", "depth")["settings"]] == [
        "rerank_depth"
    ]


def test_nothing_found_names_the_nearest_and_is_no_failure():
    done = invoke("settings", "margn")
    assert done.exit_code == 0
    assert "No setting has 'margn' in its name or description." in done.output
    assert "--relative-margin" in done.output
    found = answer("settings", "margn")
    assert found["settings"] == []
    assert "--relative-margin" in found["nearest"]
    assert "negmine settings lists all" in invoke("settings", "qqqq").output


@pytest.mark.parametrize("word", ["--max-risk", "--max-risk=0.1", "max-risk"])
def test_a_flag_is_a_word_to_search_for(word):
    names = [one["name"] for one in answer("settings", word)["settings"]]
    assert names[0] == "max_risk"
