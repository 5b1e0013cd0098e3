"""--since: a new work directory that starts from an old one, and a `mine` that is told nothing."""

import json
import subprocess
import sys

import numpy as np
import pytest
from filelock import FileLock

import negmine
from negmine.engine.progress import Silent
from negmine.errors import InputError, Locked, SettingsError, WorkdirError
from negmine.storage.locks import locked
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, write_beir
from tests.models.tiny import static_model
from tests.retrievers.dense.test_growth import collection, equal, searched, unit, write


class Notes(Silent):
    def __init__(self):
        self.said = []

    def note(self, message):
        self.said.append(message)


@pytest.fixture
def old(tmp_path):
    docs, asked, qrels = collection(np.random.default_rng(1))
    negmine.mine(tmp_path / "old", **write(tmp_path / "a", docs, asked, qrels))
    return docs, asked, qrels


def test_what_fits_is_not_made_again_and_the_old_one_stays_as_it_was(tmp_path, old):
    docs, asked, qrels = old
    before = _contents(tmp_path / "old")
    docs = docs | {"n1": unit(np.random.default_rng(7), 1)[0]}
    flags = write(tmp_path / "b", docs, asked, qrels)
    notes = Notes()
    result = negmine.mine(tmp_path / "new", since=tmp_path / "old", progress=notes, **flags)
    assert "starts from" in notes.said[0]
    outcome = {row["artifact"]: row["outcome"] for row in result.artifacts}
    assert outcome["1-index/queries"] == "fresh"
    assert searched(tmp_path / "new") == {"in_full": 0, "in_new": 12}
    negmine.mine(tmp_path / "fresh", **flags)
    equal(tmp_path / "new", tmp_path / "fresh")
    assert _contents(tmp_path / "old") == before


def test_vectors_of_a_model_are_taken_along(tmp_path):
    model, data = str(static_model(tmp_path / "model")), write_beir(tmp_path / "beir")
    flags = {"data": data, "model": model, "retriever": ["dense"], "device": "cpu"}
    negmine.mine(tmp_path / "old", **flags)
    write_beir(data, documents={**DOCUMENTS, "n": ("", "one more tea")})
    negmine.mine(tmp_path / "new", since=tmp_path / "old", **flags)
    assert Workdir(tmp_path / "new").require("1-index/dense-model").stats["encoded"] == 1


def test_a_command_that_is_repeated_goes_on_with_what_it_began(tmp_path, old):
    flags = write(tmp_path / "b", *old)
    negmine.mine(tmp_path / "new", since=tmp_path / "old", **flags)
    notes = Notes()
    again = negmine.mine(tmp_path / "new", since=tmp_path / "old", progress=notes, **flags)
    assert "has begun already" in notes.said[0]
    assert {row["outcome"] for row in again.artifacts} == {"fresh"}


def test_a_kill_while_it_starts_leaves_nothing_that_stands_in_the_way(tmp_path, old):
    (tmp_path / ".new.since" / "1-index").mkdir(parents=True)
    (tmp_path / "new").mkdir()
    negmine.mine(tmp_path / "new", since=tmp_path / "old")
    equal(tmp_path / "new", tmp_path / "old")
    assert not (tmp_path / ".new.since").exists()


def test_what_cannot_be_started_from_is_told(tmp_path, old):
    flags = write(tmp_path / "b", *old)
    with pytest.raises(WorkdirError, match="is no work directory"):
        negmine.mine(tmp_path / "new", since=tmp_path / "a", **flags)
    with pytest.raises(WorkdirError, match="this is the new work directory itself"):
        negmine.mine(tmp_path / "old", since=tmp_path / "old", **flags)
    with locked(tmp_path / "old"), pytest.raises(Locked, match="old is in use"):
        negmine.mine(tmp_path / "new", since=tmp_path / "old", **flags)
    assert not (tmp_path / "new" / "1-index").exists()


def test_told_nothing_mine_goes_on_with_what_is_remembered(tmp_path, old):
    docs, asked, qrels = old
    write(tmp_path / "a", docs | {"n1": unit(np.random.default_rng(7), 1)[0]}, asked, qrels)
    negmine.mine(tmp_path / "old")
    assert searched(tmp_path / "old") == {"in_full": 0, "in_new": 12}
    assert negmine.mine(tmp_path / "old").summary["candidates"] > 0
    with pytest.raises(SettingsError, match="data"):
        negmine.mine(tmp_path / "old", k=7)  # told something, it takes only what it is told
    with pytest.raises(SettingsError, match="data"):
        negmine.mine(tmp_path / "nobody")


def test_the_command_line_takes_it(tmp_path, old):
    command = [
        sys.executable,
        "-m",
        "negmine.cli",
        "mine",
        tmp_path / "new",
        "--since",
        tmp_path / "old",
    ]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    assert "starts from" in json.loads(done.stdout)["notes"][0]
    equal(tmp_path / "new", tmp_path / "old")


def _contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and ".lock" not in path.name)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_first_command_that_failed_can_be_said_again(tmp_path, old):
    corpus = tmp_path / "a" / "corpus.jsonl"
    whole = corpus.read_text()
    corpus.write_text(whole + '{"_id": "torn')
    with pytest.raises(InputError, match="torn"):
        negmine.mine(tmp_path / "new", since=tmp_path / "old")
    corpus.write_text(whole)
    negmine.mine(tmp_path / "new", since=tmp_path / "old")
    equal(tmp_path / "new", tmp_path / "old")


def test_two_that_fill_the_same_directory_do_not_meet(tmp_path, old):
    with FileLock(tmp_path / ".new.since.lock"), pytest.raises(Locked, match="being filled"):
        negmine.mine(tmp_path / "new", since=tmp_path / "old")
    negmine.mine(tmp_path / "new", since=tmp_path / "old")
    assert not list(tmp_path.glob(".new.since*"))


def test_a_file_is_no_old_work_directory(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkdirError, match=r"file is a file\. Name a folder"):
        negmine.mine(tmp_path / "new", since=tmp_path / "file")
