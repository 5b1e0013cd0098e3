"""Whatever happens to the cluster: every table is that of a calm local command, order included."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

import negmine
from negmine.config import memory
from tests import killed
from tests.engine.executors import cluster as clusters
from tests.engine.executors.conftest import WITHOUT
from tests.engine.executors.plugins import marks
from tests.engine.executors.test_ray import PLUGINS, Counting
from tests.test_resume import rows_of, write_collection

PART = 16  # queries


@pytest.fixture(scope="module")
def nodes():
    """Two nodes; what a test takes away it adds again."""
    pytest.importorskip("ray", reason=WITHOUT)
    with clusters.nodes() as made:
        yield made


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Return the settings of a run of six parts, and its tables, made in one process."""
    folder = tmp_path_factory.mktemp("calm")
    vectors = write_collection(folder / "data", 96, 240)
    settings = {
        "data": folder / "data", "k": 20, "max_risk": 0.9, "rerank_model": f"{PLUGINS}:Slow", **vectors
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "PART_QUERIES", PART)
        patch.chdir(folder)
        negmine.mine("w", **settings)
    return settings, rows_of(folder / "w")


@pytest.fixture(autouse=True)
def in_small_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "PART_QUERIES", PART)
    monkeypatch.chdir(tmp_path)


class When(Counting):
    """A progress that does something when the first part of an artifact of this stage is done."""

    def __init__(self, stage, action):
        super().__init__()
        self._stage, self._action, self.happened = stage, action, False

    def advance(self, count):
        super().advance(count)
        if self.now.startswith(self._stage) and not self.happened:
            self.happened = True
            self._action()


def mine(calm, nodes, progress, work="w", **more):
    """Mine on the cluster, and hold every table against the calm run."""
    settings, expected = calm
    negmine.mine(
        work, engine="ray", ray_address=nodes.address, progress=progress, **settings, **more
    )
    same(work, expected)


def same(work, expected):
    tables = rows_of(Path(work))
    assert tables.keys() == expected.keys()
    for name, rows in expected.items():
        assert tables[name].equals(rows), name
    assert not list(Path(work).rglob("*.tmp"))


def lost(progress):
    return [note for note in progress.notes if "was lost" in note]


def both_score(seconds=60):
    """Wait until a worker of each node has begun to score."""
    until = time.monotonic() + seconds
    while len({name.split("-")[1] for name in marks("call")}) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_node_dies_in_a_part_and_another_joins(calm, nodes):
    def another():
        both_score()
        nodes.remove(nodes.others.pop())
        nodes.others.append(nodes.add())

    progress = When("3-rerank", another)
    mine(calm, nodes, progress)
    assert progress.happened
    assert len(lost(progress)) >= 1
    assert all("died" in note for note in lost(progress))


def test_a_node_that_is_taken_back_finishes_its_part_and_gets_no_other(calm, nodes):
    from ray._raylet import GcsClient
    from ray.core.generated import autoscaler_pb2

    ended = nodes.others.pop()

    def notice():
        spot = autoscaler_pb2.DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION")
        client = GcsClient(address=nodes.address)
        accepted, why = client.drain_node(ended.node_id, spot, "spot", 0)
        assert accepted, why

    progress = When("3-rerank", notice)
    mine(calm, nodes, progress)
    nodes.remove(ended)
    nodes.others.append(nodes.add())
    assert progress.happened
    assert sum("is being taken back" in note for note in progress.notes) == 1
    assert lost(progress) == []


def test_workers_are_killed_in_parts_without_a_model(calm, nodes):
    for number in range(3):  # a part may be made before it is seen
        progress, end = Counting(), threading.Event()
        killer = threading.Thread(target=kill_busy_workers, args=(end, progress, 3), daemon=True)
        killer.start()
        try:
            mine(calm, nodes, progress, f"w{number}")
        finally:
            end.set()
            killer.join()
        if lost(progress):
            break
    assert len(lost(progress)) >= 1
    assert all("its worker died" in note for note in lost(progress))


def kill_busy_workers(end, progress, times):
    """Kill processes of this cluster while they make a part, until so many parts were lost."""
    while not end.is_set() and len(lost(progress)) < times:
        before = len(lost(progress))
        for process in busy_workers():
            os.kill(process, signal.SIGKILL)
            break
        until = time.monotonic() + 5
        while not end.is_set() and len(lost(progress)) == before and time.monotonic() < until:
            time.sleep(0.01)
            if not busy_workers():
                break


def busy_workers():
    """Return the processes that descend from this one and are making a part: Ray names them so."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "cmdline").read_bytes()
            if name.startswith(b"ray::make") and is_ours(int(folder.name)):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def is_ours(process):
    """Tell whether a process descends from this one."""
    while process > 1:
        if process == os.getpid():
            return True
        stat = Path(f"/proc/{process}/stat").read_text()
        process = int(stat.rpartition(")")[2].split()[1])
    return False


@pytest.mark.slow
def test_the_driver_is_killed_at_five_places_and_the_command_given_again(calm, nodes, tmp_path):
    settings, expected = calm
    words = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    command = ["mine", tmp_path / "w", *words, "--engine=ray", f"--ray-address={nodes.address}"]
    small = f"import negmine.config.memory as e; e.PART_QUERIES = {PART}"
    kills = 0
    for last in (15, 25, 30, 25, 20):  # steps of the driver in each command
        done = killed.negmine(command, tmp_path / "w", last, small)
        kills += killed.was_killed(done)
    assert kills == 5
    done = killed.negmine(command, tmp_path / "w", 0, small)
    assert done.returncode == 0, done.stderr
    same(tmp_path / "w", expected)
