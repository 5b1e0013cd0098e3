"""Runs over several shards: each shard is searched for a part's queries alone, and the part is merged."""

from pathlib import Path

import pytest

import negmine
from negmine.config import memory
from negmine.retrievers.bm25 import shard
from negmine.stages.making import run_stages
from negmine.stages.opening import open_context
from tests.conftest import write_beir, write_vectors
from tests.engine.executors.test_encoding import elsewhere
from tests.test_resume import rows_of

SHARDS = 3


@pytest.fixture(autouse=True)
def in_small_parts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memory, "PART_QUERIES", 2)
    monkeypatch.setattr(memory, "PART_DOCUMENTS", 5)


@pytest.fixture
def flags(tmp_path):
    data = write_beir(tmp_path / "data")
    return {"data": data, "k": 4, **write_vectors(data)}


def mine(work, **settings):
    """Run the first two stages."""
    run_stages(open_context(work, settings), ["index", "retrieve"])


def noting(kept, run=lambda task: task()):
    """Return an executor that keeps artifact, part, piece and pieces of each task."""

    def executor(tasks, side_by_side=1):
        for task in tasks:
            kept.append((task.artifact, task.number, task.piece, task.pieces))
            yield run(task)

    return executor


def test_rows_are_those_of_one_shard_and_shards_come_one_after_the_other(flags, monkeypatch):
    mine("one", shards=1, **flags)
    made = []
    with monkeypatch.context() as patch:
        patch.setattr("negmine.engine.run.local", noting(made))
        mine("three", shards=SHARDS, **flags)
    ours, theirs = rows_of(Path("one")), rows_of(Path("three"))
    assert ours.keys() == theirs.keys()
    for name, rows in ours.items():
        assert rows.equals(theirs[name]), name
    parts = len(list(Path("one/2-retrieve/bm25").glob("part-*")))
    assert parts > 1
    for run in ("2-retrieve/bm25", "2-retrieve/dense-vectors"):
        of_run = [task[1:] for task in made if task[0] == run]
        pieces = [(part, piece, 0) for piece in range(SHARDS) for part in range(parts)]
        assert of_run == [*pieces, *((part, None, SHARDS) for part in range(parts))]
    assert not list(Path("three").rglob("piece-*"))


def test_a_process_opens_only_the_shard_that_it_searches(flags, monkeypatch):
    settings = {"data": flags["data"], "k": 4, "retriever": ["bm25"], "shards": SHARDS}
    negmine.index("w", **settings)
    opened, by_task = [], []
    count = shard.count_words
    monkeypatch.setattr(shard, "count_words", lambda path: opened.append(path.name) or count(path))

    def in_another_process(task):
        opened.clear()
        (result,) = elsewhere([task])
        if task.artifact == "2-retrieve/bm25":
            by_task.append((task.piece, list(opened)))
        return result

    monkeypatch.setattr("negmine.engine.run.local", noting([], in_another_process))
    negmine.retrieve("w", **settings)
    for piece, names in by_task:
        assert names == ([] if piece is None else [f"words-{piece:05d}.parquet"])


def test_a_killed_run_makes_no_piece_twice(flags, monkeypatch):
    settings = {"data": flags["data"], "k": 4, "retriever": ["bm25"], "shards": SHARDS}
    first, second = [], []

    def dies(task):
        if task.piece == 1 and task.number == 1:
            raise KeyboardInterrupt
        return task()

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("negmine.engine.run.local", noting(first, dies))
        mine("w", **settings)
    with monkeypatch.context() as patch:
        patch.setattr("negmine.engine.run.local", noting(second))
        mine("w", **settings)
    made = [task for task in first[:-1] if task[2] is not None]
    assert len(made) > 1
    assert not set(made) & set(second)
    mine("calm", **{**settings, "shards": 1})
    for name, rows in rows_of(Path("calm")).items():
        assert rows.equals(rows_of(Path("w"))[name]), name
