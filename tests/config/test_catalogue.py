"""The settings as one list: groups, what a stage accepts, what a search finds."""

import pytest

from negmine.config.catalogue import ENTRIES, accepted, nearest_names, search
from negmine.config.settings import STAGES


def test_every_setting_has_a_description_that_ends_a_sentence():
    for entry in ENTRIES.values():
        assert entry.description.endswith("."), entry.name


def test_a_name_is_of_one_stage_only():
    assert len(ENTRIES) == sum(len(table.model_fields) for table in STAGES.values())


def test_a_stage_accepts_its_own_settings_and_those_shared_with_it():
    names = {entry.name for entry in accepted(["filter"])}
    assert set(STAGES["filter"].model_fields) <= names
    assert names - set(STAGES["filter"].model_fields) == {
        "memory", "verify", "device", "devices", "batch_size",
        "engine", "ray_address", "workers", "gpus",
        "num_negatives", "order", "sampling", "pool", "seed",
        "temperature", "step", "band", "bins", "diversity", "per", "positives", "max_reuse",
        "keep_share",
    }  # fmt: skip
    assert set(ENTRIES) == {entry.name for entry in accepted(STAGES)}
    assert {stage for entry in ENTRIES.values() for stage in entry.shared_with} <= set(STAGES)


@pytest.mark.parametrize(
    "words", ["near-duplicate", "near_duplicate", "--near-duplicate", "NEAR duplicate"]
)
def test_a_search_takes_a_name_in_every_spelling(words):
    assert [entry.name for entry in search(words)][:2] == ["near_duplicate", "no_near_duplicate"]


def test_a_search_looks_at_descriptions_groups_and_stages():
    assert "stemmer" in [entry.name for entry in search("snowball")]
    assert {entry.name for entry in search("data card")} == {"license", "language"}
    assert [entry.name for entry in search("")] == list(ENTRIES)
    assert search("no such word") == []


def test_the_nearest_names_are_alike_in_a_piece():
    assert "relative_margin" in nearest_names("margn")
    assert nearest_names("max-riks")[0] == "max_risk"
    assert nearest_names("qqqq") == []


def test_defaults_are_shown_as_words():
    shown = {name: entry.default for name, entry in ENTRIES.items()}
    assert shown["title"] == "on"
    assert shown["no_risk"] == shown["stemmer"] == ""
    assert shown["retriever"] == "bm25, dense"
    assert shown["title_separator"] == "' '"
