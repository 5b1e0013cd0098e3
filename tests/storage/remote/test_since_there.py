"""--since across stores: what still fits is not made again, wherever the old and the new work directory lie."""

import pytest

import negmine
from negmine.errors import WorkdirError
from negmine.storage import moving
from negmine.storage.open import open_workdir
from negmine.storage.remote.store import Store
from tests.conftest import write_beir
from tests.storage.remote.test_commands_there import tables


@pytest.fixture
def data(tmp_path):
    return write_beir(tmp_path / "beir")


def mine(work, **more):
    result = negmine.mine(work, **more)
    return {one["artifact"]: one["outcome"] for one in result.artifacts}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("work", "memory://texts/new"),
        ("memory://texts/old", "memory://texts/new"),
        ("memory://texts/old", "new"),
    ],
    ids=["from here", "there", "back"],
)
def test_a_new_work_directory_starts_from_an_old_one(old, new, data, memory, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine(old, data=data, retriever="bm25", k=5, num_negatives=1)
    monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / "another machine"))
    negmine.trust(old)
    outcomes = mine(new, since=old)
    made = {name for name, outcome in outcomes.items() if outcome == "made"}
    assert made == {name for name in outcomes if name.startswith("5-write")}
    assert {name: table.rows() for name, table in tables(old).items()} == {
        name: table.rows() for name, table in tables(new).items()
    }
    listed = open_workdir(new).require("1-index/corpus").parts[0]
    assert ("object" in listed) == new.startswith("memory")
    notes = []

    class Talk(negmine.engine.progress.Silent):
        def note(self, message):
            notes.append(message)

    negmine.mine(new, since=old, progress=Talk())
    assert f"{open_workdir(new).name} has begun already: --since {old} is not used" in notes


def test_parts_go_from_s3_to_s3_inside_the_store(s3, data, tmp_path, monkeypatch):
    old, new = "s3://texts/old", "s3://texts/new"
    mine(old, data=data, retriever="bm25", k=5)
    negmine.trust(old)
    monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / "another machine"))
    fetched, real = [], Store.fetch
    monkeypatch.setattr(
        Store, "fetch", lambda self, name, *more: (fetched.append(name), real(self, name, *more))
    )
    moving.fill_store(open_workdir(old), open_workdir(new), print)
    assert not [name for name in fetched if "part-" in name]
    assert open_workdir(new).whole(open_workdir(new).require("2-retrieve/bm25"))


def test_filling_that_was_killed_goes_on(memory, data, tmp_path, monkeypatch):
    old, new = str(tmp_path / "old"), "memory://texts/new"
    mine(old, data=data, retriever="bm25", k=5)

    def killed(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(moving, "_copy_beside", killed)
        negmine.mine(new, since=old)
    monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / "another machine"))
    outcomes = mine(new, since=old)
    assert outcomes["2-retrieve/bm25"] == "fresh"
    assert not open_workdir(new).has(moving.FILLING)


def test_the_directory_itself_and_none_at_all_are_refused(memory, data):
    mine("memory://texts/old", data=data, retriever="bm25", k=5)
    with pytest.raises(WorkdirError, match="this is the new work directory itself"):
        negmine.mine("memory://texts/old", since="memory://texts/old")
    with pytest.raises(WorkdirError, match="--since memory://texts/none is no work directory"):
        negmine.mine("memory://texts/new", since="memory://texts/none")
