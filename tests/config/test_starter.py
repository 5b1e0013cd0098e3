"""The commented negmine.toml: it is valid, and every line with its # removed changes nothing."""

import re
import tomllib
from pathlib import Path

import pytest

from negmine.config.catalogue import ENTRIES
from negmine.config.naming import key
from negmine.config.starter import DATA, starter
from tests.configs import resolve

GIVEN = {"data": Path("/here/data"), "qrels_split": "dev"}


@pytest.fixture
def text():
    return starter(GIVEN, Path("/here"), ["A note."], "negmine mine work")


def test_given_settings_are_set_and_the_others_are_comments(text, tmp_path):
    assert tomllib.loads(text) == {
        "index": {"data": "data", "qrels-split": "dev"},
        "retrieve": {}, "generate": {}, "rerank": {}, "filter": {}, "write": {},
    }  # fmt: skip
    assert "# A note." in text
    assert "Run: negmine mine work" in text


def test_every_essential_setting_is_there_with_its_description(text):
    for entry in ENTRIES.values():
        if entry.essential and entry.name not in DATA:
            assert re.search(rf"(?m)^# {key(entry.name)} = ", text), entry.name
            assert entry.description.split()[0] in text
    assert max(map(len, text.splitlines())) <= 100


def test_without_its_comment_signs_it_means_the_same(text, tmp_path):
    names = "|".join(key(name) for name in ENTRIES)
    bare = re.sub(rf"(?m)^# ({names}) = ", r"\1 = ", text)
    assert bare.count(" = ") > text.count(" = ") - 1
    assert len(tomllib.loads(bare)["filter"]) > 5
    for name, content in (("a.toml", text), ("b.toml", bare)):
        (tmp_path / name).write_text(content)
    commented, open_ = (resolve({}, tmp_path / name) for name in ("a.toml", "b.toml"))
    for stage in ("index", "retrieve", "rerank", "filter", "write"):
        assert getattr(commented, stage) == getattr(open_, stage)


def test_a_path_with_quotes_and_a_list_are_written_as_toml():
    text = starter(
        {"corpus": Path('/x/a "b".jsonl'), "language": ("en", "de")}, Path("/here"), [], "x"
    )
    assert tomllib.loads(text)["index"]["corpus"] == '/x/a "b".jsonl'
    assert tomllib.loads(text)["write"]["language"] == ["en", "de"]
