"""The record of trust: by path and content, beside others, and closed where it is damaged."""

import json
import multiprocessing

import pytest

from negmine.config.outside import Named
from negmine.errors import WorkdirError
from negmine.storage.trust import MOST, Trust

A, B = Named("rerank_model", "plug-in", "a:b"), Named("judge_url", "endpoint", "http://h/v1")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("NEGMINE_TRUST", str(tmp_path / "records"))
    return tmp_path / "records"


def test_it_holds_for_this_path_and_these_names(tmp_path, place):
    Trust(tmp_path / "w").add([A])
    assert Trust(tmp_path / "w").covers(A)
    assert not Trust(tmp_path / "w").covers(B)
    assert not Trust(tmp_path / "w").covers(A._replace(value="a:c"))
    assert not Trust(tmp_path / "moved").covers(A)
    assert len(list(place.glob("*.json"))) == 1


def test_a_link_to_the_directory_is_the_directory(tmp_path):
    (tmp_path / "w").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "w")
    Trust(tmp_path / "link").add([A])
    assert Trust(tmp_path / "w").covers(A)


def test_only_the_user_can_read_it(tmp_path, place):
    Trust(tmp_path / "w").add([A])
    assert place.stat().st_mode & 0o077 == 0


def test_nothing_is_written_where_nothing_is_new(tmp_path, place):
    Trust(tmp_path / "w").add([])
    assert not place.exists()
    Trust(tmp_path / "w").add([A])
    file = Trust(tmp_path / "w").file
    before = file.stat().st_mtime_ns
    Trust(tmp_path / "w").add([A])
    assert file.stat().st_mtime_ns == before


def test_forgetting_takes_all_back(tmp_path):
    Trust(tmp_path / "w").forget()
    Trust(tmp_path / "w").add([A, B])
    Trust(tmp_path / "w").forget()
    assert Trust(tmp_path / "w").values == {}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "7", '{"work": 1, "trusted": []}', "\xff", "[" * 99_999]
)
def test_a_damaged_record_is_no_trust_and_is_written_anew(tmp_path, content):
    Trust(tmp_path / "w").add([A])
    Trust(tmp_path / "w").file.write_bytes(content.encode("latin-1"))
    damaged = Trust(tmp_path / "w")
    assert not damaged.covers(A)
    assert "is damaged" in damaged.damage
    damaged.add([B])
    assert Trust(tmp_path / "w").values == {(B.setting, B.value): None}


def test_the_record_of_another_directory_does_not_count(tmp_path):
    Trust(tmp_path / "a").add([A])
    other = Trust(tmp_path / "b")
    other.file.write_bytes(Trust(tmp_path / "a").file.read_bytes())
    assert not Trust(tmp_path / "b").covers(A)


def test_a_record_in_the_work_directory_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("NEGMINE_TRUST", str(tmp_path / "w" / "records"))
    with pytest.raises(WorkdirError, match="NEGMINE_TRUST"):
        Trust(tmp_path / "w").add([A])
    assert "lies in the work directory" in Trust(tmp_path / "w").damage


def test_a_place_that_cannot_be_written_is_an_error(tmp_path, place):
    place.write_text("a file")
    with pytest.raises(WorkdirError, match="Set NEGMINE_TRUST to another folder"):
        Trust(tmp_path / "w").add([A])


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"XDG_STATE_HOME": "{here}/state"}, "state"),
        ({"XDG_STATE_HOME": "relative"}, "home/.local/state"),
        ({}, "home/.local/state"),
    ],
)
def test_without_the_variable_it_lies_where_xdg_says(tmp_path, monkeypatch, variables, folder):
    monkeypatch.delenv("NEGMINE_TRUST")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(here=tmp_path))
    assert Trust(tmp_path / "w").file.parent == tmp_path / folder / "negmine" / "trust"


def _add(root, number):
    Trust(root).add([A._replace(value=f"a:{number}")])


def test_several_processes_lose_nothing(tmp_path):
    root = tmp_path / "w"
    spawned = multiprocessing.get_context("fork")
    processes = [spawned.Process(target=_add, args=(root, n)) for n in range(8)]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    assert {value for _, value in Trust(root).values} == {f"a:{n}" for n in range(8)}


def test_it_does_not_grow_without_end(tmp_path):
    Trust(tmp_path / "w").add(A._replace(value=f"a:{n}") for n in range(MOST + 7))
    record = Trust(tmp_path / "w")
    assert len(json.loads(record.file.read_text())["trusted"]) == MOST
    assert record.covers(A._replace(value=f"a:{MOST + 6}"))
