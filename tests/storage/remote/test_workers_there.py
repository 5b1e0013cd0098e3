"""Workers on other machines, and a work directory at an address: each machine has a mirror of its own."""

from contextlib import nullcontext
from itertools import cycle
from pathlib import Path

import pyarrow as pa
import pytest

import negmine
from negmine.config import memory as sizes
from negmine.engine.tasks import DRIVER
from negmine.stages.making import run_stages
from negmine.stages.opening import open_context
from negmine.storage import chunks
from negmine.storage.holders import holder_of
from negmine.storage.open import open_workdir
from negmine.storage.pieces import read_pieces, write_piece
from tests.conftest import DOCUMENTS, QUERIES, write_beir, write_vectors
from tests.engine.executors.test_encoding import elsewhere
from tests.models.tiny import static_model

BEFORE, NOW = "a" * 16, "b" * 16  # identities
SCORER = "tests.engine.executors.plugins:Counting"


@pytest.fixture(autouse=True)
def in_small_parts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sizes, "PART_QUERIES", 4)
    monkeypatch.setattr(sizes, "PART_DOCUMENTS", 10)


@pytest.fixture
def data(tmp_path):
    return write_beir(tmp_path / "data")


class Machines:
    """An executor: machines make a part each in turn. `dies_after`: parts, before the driver is killed."""

    def __init__(self, monkeypatch, folders):
        self._patch, self.folders, self._next = monkeypatch, folders, cycle(folders)
        self.made, self.dies_after = [], 10**9

    def __call__(self, tasks, side_by_side=1):
        for task in list(tasks):
            if task.place == DRIVER:
                yield task()
                continue
            if len(self.made) == self.dies_after:
                raise KeyboardInterrupt
            with self._patch.context() as patch:
                patch.setenv("NEGMINE_CACHE", str(next(self._next)))
                patch.setattr(chunks, "_shared", True)
                (result,) = elsewhere([task])
            self.made.append(task)
            yield result


@pytest.fixture(params=["two other machines", "the driver's machine"])
def machines(request, tmp_path, monkeypatch, memory, cache):
    """Workers on two machines, or on that where the command was given: there they share its mirror."""
    others = [tmp_path / "machine-1", tmp_path / "machine-2"]
    made = Machines(monkeypatch, others if "other" in request.param else [cache])
    for module in ("negmine.engine.run", "negmine.stages.making"):
        monkeypatch.setattr(f"{module}.chosen", lambda context: nullcontext(made))
    return made


def rows_of(work, names):
    return {name: open_workdir(work).scan(name).collect() for name in names}


def unfinished(folders):
    """Return what workers have left in unfinished folders of their mirrors."""
    return [path for folder in folders for path in Path(folder).glob("copies/**/.partial/*")]


def test_tables_are_those_of_a_folder(data, memory, machines):
    settings = {"data": data, "k": 4, "shards": 2, "rerank_model": SCORER, **write_vectors(data)}
    work, stages = str(memory.address), ["index", "retrieve", "rerank"]
    run_stages(open_context("here", settings), stages)
    run_stages(open_context(work, {**settings, "engine": "ray"}), stages)
    pieces = {task.artifact for task in machines.made if task.piece is not None}
    assert pieces == {"1-index/bm25", "2-retrieve/bm25", "2-retrieve/dense-vectors"}
    made = Path("here").glob("[23]-*/*/part-00000.parquet")
    tables = [path.parent.relative_to("here").as_posix() for path in made]
    assert len(tables) >= 4
    here, there = (rows_of(one, tables) for one in ("here", work))
    for name, rows in here.items():
        assert rows.equals(there[name]), name
    assert unfinished(machines.folders) == []
    states = {one.artifact.name: one.state for one in negmine.status(work)}
    assert all(states[name] == "fresh" for name in tables)


def test_machines_compare_who_holds_the_work_directory(store):
    place = str(store.address)
    assert holder_of(place) == ""
    with open_workdir(place).hold():
        first = holder_of(place)
        assert first
    assert holder_of(place) == ""
    with open_workdir(place).hold():
        assert holder_of(place) not in ("", first)


def test_what_workers_encode_comes_into_the_cache(data, tmp_path, memory, machines):
    settings = {
        "data": data, "model": [str(static_model(tmp_path / "model"))], "device": "cpu", "k": 3,
        "dense_scope": "candidates",
    }  # fmt: skip
    run_stages(open_context("here", settings), ["index", "retrieve"])
    expected = open_workdir("here").require("2-retrieve/vectors-model").stats
    work = str(memory.address)
    run_stages(open_context(work, {**settings, "engine": "ray"}), ["index", "retrieve"])
    stats = open_workdir(work).require("2-retrieve/vectors-model").stats
    assert stats["encoded"] == expected["encoded"] < len(DOCUMENTS) + len(QUERIES)
    assert stats["norms"] == expected["norms"]
    name = "2-retrieve/dense-model"
    assert rows_of("here", [name])[name].equals(rows_of(work, [name])[name])


@pytest.mark.parametrize("machines", ["two other machines"], indirect=True)
def test_what_was_encoded_before_the_driver_died_is_kept(data, tmp_path, memory, machines):
    settings = {
        "data": data, "retriever": ["dense"], "model": [str(static_model(tmp_path / "model"))],
        "device": "cpu",
    }  # fmt: skip
    machines.dies_after = 2
    work = str(memory.address)
    with pytest.raises(KeyboardInterrupt):
        negmine.index(work, **settings, engine="ray")
    machines.dies_after = 10**9
    before = len(machines.made)
    negmine.index(work, **settings, engine="ray")
    numbers = [task.number for task in machines.made]
    assert len(numbers[before:]) > 1
    assert not set(numbers[:before]) & set(numbers[before:])


def test_a_piece_that_a_killed_worker_has_left_of_other_settings_is_not_read(
    memory, tmp_path, monkeypatch
):
    run, machines = "2-retrieve/bm25", [tmp_path / "machine-1", tmp_path / "machine-2"]

    def write(machine, identity, score):
        with monkeypatch.context() as patch:
            patch.setenv("NEGMINE_CACHE", str(machine))
            patch.setattr(chunks, "_shared", True)
            work = open_workdir(str(memory.address))
            write_piece(work, run, 0, 0, pa.table({"score": [score]}), identity)

    def read(identity):
        monkeypatch.setenv("NEGMINE_CACHE", str(machines[1]))
        work = open_workdir(str(memory.address))
        return work, [piece["score"].to_list() for piece in read_pieces(work, run, 0, 1, identity)]

    write(machines[0], BEFORE, 1.0)
    work, found = read(BEFORE)
    assert found == [[1.0]]
    work.bring_attempt(run, "piece-00000-00000.parquet", BEFORE)  # and killed before it was removed
    write(machines[0], NOW, 2.0)
    assert read(NOW)[1] == [[2.0]]
