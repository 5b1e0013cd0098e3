"""Whatever happens to the cluster: every table is that of a calm local command, order included."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import negmine
from negmine.config import memory
from tests import killed
from tests.engine.executors import plugins
from tests.engine.executors.conftest import PLUGINS, copy_of, lost, on
from tests.engine.executors.test_ray import Counting
from tests.test_resume import rows_of, write_collection

PART, PARTS = 16, 6  # queries in a part


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Return the settings of a run of six parts, its folder, and its tables, made in one process."""
    folder = tmp_path_factory.mktemp("calm")
    vectors = write_collection(folder / "data", PART * PARTS, 240)
    settings = {
        "data": folder / "data", "k": 20, "max_risk": 0.9, "rerank_model": f"{PLUGINS}:Held", **vectors
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "PART_QUERIES", PART)
        patch.chdir(folder)
        negmine.mine("w", **settings)
    return settings, folder / "w", rows_of(folder / "w")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "PART_QUERIES", PART)
    monkeypatch.chdir(tmp_path)
    plugins.folder().mkdir()


def mine(calm, cluster, progress, last_stage):
    """Go on with the calm run, as it was after a stage; hold every table against it."""
    settings, work, expected = calm
    copy_of(work, Path("w"), last_stage)
    negmine.mine("w", progress=progress, **on(cluster), **settings)
    same("w", expected)


def same(work, expected):
    tables = rows_of(Path(work))
    assert tables.keys() == expected.keys()
    for name, rows in expected.items():
        assert tables[name].equals(rows), name
    assert not list(Path(work).rglob("*.tmp"))


def disturbed(calm, cluster, progress, action):
    """Mine, and do something while each of two workers makes its first scores; both end these after that."""
    hold = plugins.folder() / plugins.HELD
    hold.touch()
    with ThreadPoolExecutor(1) as pool:
        mined = pool.submit(mine, calm, cluster, progress, last_stage=2)
        try:
            plugins.wait_until(lambda: mined.done() or len(set(plugins.callers())) == 2)
            action()
        finally:
            hold.unlink()
        mined.result()


def test_a_node_dies_in_a_part_and_another_joins(calm, connected):
    def another():
        connected.remove(connected.others.pop())
        connected.others.append(connected.add())

    progress = Counting()
    disturbed(calm, connected, progress, another)
    assert len(lost(progress)) == 1
    assert "died" in lost(progress)[0]


def test_a_node_that_is_taken_back_finishes_its_part_and_gets_no_other(calm, connected):
    from ray._raylet import GcsClient
    from ray.core.generated import autoscaler_pb2

    progress, ended = Counting(), connected.others.pop()

    def told():
        return sum("is being taken back" in note for note in progress.notes)

    def notice():
        spot = autoscaler_pb2.DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION")
        client = GcsClient(address=connected.address)
        accepted, why = client.drain_node(ended.node_id, spot, "spot", 0)
        assert accepted, why
        plugins.wait_until(told)

    try:
        disturbed(calm, connected, progress, notice)
    finally:
        connected.remove(ended)
        connected.others.append(connected.add())
    assert told() == 1
    assert lost(progress) == []
    few, many = sorted(Counter(plugins.callers()).values())  # some calls for each part
    assert many == few * (PARTS - 1)


def test_workers_are_killed_in_parts_without_a_model(calm, connected):
    parts = [("2-retrieve/bm25", 1), ("2-retrieve/candidates", 4), ("4-filter/verdicts", 0)]
    for part in parts:
        plugins.mark_of(*part).touch()
    progress = Counting()
    mine(calm, connected, progress, last_stage=1)
    assert not any(plugins.mark_of(*part).exists() for part in parts)
    for artifact, number in parts:
        note = f"{artifact}: part {number} was lost: its worker died. It is made again"
        assert note in progress.notes
    assert all("its worker died" in note for note in lost(progress))


@pytest.mark.slow
def test_the_driver_is_killed_at_five_places_and_the_command_given_again(
    calm, unconnected, tmp_path
):
    settings, work, expected = calm
    copy_of(work, tmp_path / "w", 1)
    flags = {**settings, **on(unconnected)}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
    command = ["mine", tmp_path / "w", *words]
    small = f"import negmine.config.memory as e; e.PART_QUERIES = {PART}"
    for last in (15, 25, 30, 25, 20):  # steps of the driver in each command
        done = killed.negmine(command, tmp_path / "w", last, small)
        assert killed.was_killed(done), done.stderr
    done = killed.negmine(command, tmp_path / "w", 0, small)
    assert done.returncode == 0, done.stderr
    same(tmp_path / "w", expected)
