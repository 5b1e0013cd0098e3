"""Tasks are values: pickled and run in other processes, they make the same rows."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import pytest

import negmine
from negmine.config import memory
from negmine.config.settings import STAGES
from negmine.engine.command import command_of
from negmine.engine.part_task import PartTask
from negmine.stages.opening import context_to_mine
from negmine.stages.plan import make_plan
from tests.conftest import write_beir, write_vectors
from tests.models.tiny import static_model
from tests.scorers.judge.mining import is_tea
from tests.scorers.judge.server import honest, serving
from tests.stages.generate.writing import of_query, writes
from tests.test_resume import rows_of


def run_pickled(task):
    """Run a task that came as bytes; return its result as bytes."""
    return pickle.dumps(pickle.loads(task)())


def make_small_parts():
    """Let a new process cut queries into parts of three."""
    memory.PART_QUERIES = 3


class Processes:
    """An executor whose tasks run in other processes; counts them by artifact."""

    def __init__(self, pool):
        self._pool, self.made = pool, {}

    def __call__(self, tasks, side_by_side=1):
        for task in tasks:
            self.made[task.artifact] = self.made.get(task.artifact, 0) + 1
            done = self._pool.submit(run_pickled, pickle.dumps(task))
            yield pickle.loads(done.result())


@pytest.fixture
def flags(tmp_path):
    """Return settings under which every stage has something to do."""
    data = write_beir(tmp_path / "data")
    return {
        "data": data, "k": 6, "num_negatives": 2, **write_vectors(data), "max_risk": 0.9,
        "guide_model": [str(static_model(tmp_path / "guide"))],
        "rerank_model": "tests.scorers.judge.mining:Length", "relative_margin": "auto",
        "generate_kind": ["query-only"], "generate_model": "w",
        "judge_model": "m", "judge_check": 2, "min_sensitivity": 0.0, "judge_scope": "all",
    }  # fmt: skip


@pytest.mark.slow
def test_every_stage_runs_in_other_processes_and_makes_the_same_rows(tmp_path, flags, monkeypatch):
    monkeypatch.setattr(memory, "PART_QUERIES", 3)
    spawn = multiprocessing.get_context("spawn")
    in_processes = ProcessPoolExecutor(2, spawn, make_small_parts)
    writer = serving(writes(of_query))
    with serving(honest(is_tea)) as server, writer as other, in_processes as pool:
        flags |= {"judge_url": server.url, "generate_url": other.url}
        processes = Processes(pool)
        with monkeypatch.context() as patch:
            patch.setattr("negmine.engine.run.local", processes)
            there = negmine.mine(tmp_path / "there", **flags)
        here = negmine.mine(tmp_path / "here", **flags)
    plan = make_plan(context_to_mine(tmp_path / "here", {}, None, None, None))
    assert set(processes.made) == {artifact.name for artifact in plan}
    assert {artifact.stage for artifact in plan} == set(STAGES)
    assert processes.made["2-retrieve/candidates"] > 1
    assert there.summary == here.summary
    ours, theirs = rows_of(tmp_path / "here"), rows_of(tmp_path / "there")
    assert ours.keys() == theirs.keys()
    for name, rows in ours.items():
        assert rows.equals(theirs[name]), name


def test_notes_of_a_task_in_another_process_reach_the_user(tmp_path, beir):
    from tests.scorers.judge.mining import Ear

    ear = Ear()
    context = context_to_mine(
        tmp_path / "w", {"data": beir, "retriever": ["bm25"]}, None, ear, None
    )
    context.work.create()
    artifact = next(one for one in make_plan(context) if one.name == "1-index/queries")
    task = PartTask(command_of(context), artifact.name, artifact.make, "identity")
    result = pickle.loads(run_pickled(pickle.dumps(task)))
    assert ear.notes == []
    assert any("have the text of an earlier one" in n or "has the text" in n for n in result.notes)
