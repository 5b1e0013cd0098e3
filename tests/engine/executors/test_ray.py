"""--engine ray: the rows of a command on a cluster are those of the same command without one."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import negmine
from negmine.config import memory
from negmine.engine.executors import ray_cluster
from negmine.errors import EngineError, MissingDependency, SettingsError
from tests.conftest import write_beir, write_vectors
from tests.engine.executors import plugins
from tests.engine.executors.conftest import PLUGINS, WITHOUT, copy_of, on
from tests.models.tiny import static_model
from tests.scorers.judge.mining import Ear, is_tea
from tests.scorers.judge.server import honest, serving
from tests.test_resume import rows_of


class Counting(Ear):
    """A progress that counts, by artifact."""

    def __init__(self):
        super().__init__()
        self.units, self.now = {}, ""

    def begin(self, artifact):
        self.now = artifact
        self.units[artifact] = 0

    def advance(self, count):
        self.units[self.now] += count


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    """Workers go to the folder where a command was given."""
    monkeypatch.chdir(tmp_path)


def same(ours, theirs):
    """Hold all tables of two work directories against each other, order included."""
    ours, theirs = (
        {name.split("executors.plugins-")[0]: rows for name, rows in rows_of(work).items()}
        for work in (ours, theirs)
    )
    assert ours.keys() == theirs.keys()
    for name, rows in ours.items():
        assert rows.equals(theirs[name]), name


def test_every_stage_makes_the_rows_notes_and_progress_of_a_local_run(
    tmp_path, unconnected, monkeypatch
):
    import ray

    monkeypatch.setattr(memory, "PART_QUERIES", 2)  # workers read parts as they are on disk
    monkeypatch.setattr(memory, "PART_DOCUMENTS", 5)
    data = write_beir(tmp_path / "data")
    flags = {
        "data": data, "k": 6, "num_negatives": 2, **write_vectors(data),
        "guide_model": [str(static_model(tmp_path / "guide"))], "max_risk": 0.9,
        "rerank_model": f"{PLUGINS}:Counting", "relative_margin": "auto", "rerank_depth": 4,
        "judge_model": "m", "judge_check": 2, "min_sensitivity": 0.0, "judge_scope": "all",
    }  # fmt: skip
    there, here = Counting(), Counting()
    with serving(honest(is_tea)) as server:
        flags["judge_url"] = server.url
        made = negmine.mine("there", progress=there, **flags, **on(unconnected))
        loads = [name.split("-")[1] for name in plugins.marks("load")]
        calls = plugins.callers()
        expected = negmine.mine("here", progress=here, **flags)
    same(tmp_path / "here", tmp_path / "there")
    assert made.summary == expected.summary
    assert sorted(there.notes) == sorted(note.replace("here", "there") for note in here.notes)
    assert there.units == here.units
    assert all(state.state == "fresh" for state in negmine.status("there"))
    assert not ray.is_initialized()  # the connection ends with the command
    assert "ray" not in (tmp_path / "there" / "settings.json").read_text()  # nor is it remembered
    assert len(calls) == 4  # one part each
    assert len(set(calls)) <= 2
    assert all(loads.count(process) == 1 for process in set(calls))  # a model loads once in each


def test_a_part_of_a_dead_worker_is_made_again_and_the_json_tells_it(
    tmp_path, unconnected, prepared
):
    settings, calm = prepared
    copy_of(calm, tmp_path / "w", 2)
    flags = {**settings, **on(unconnected), "rerank_model": f"{PLUGINS}:Dying"}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
    script = "from negmine.cli.start import main; main()"
    command = [sys.executable, "-c", script, "mine", "w", *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    notes = json.loads(done.stdout)["notes"]  # nothing else is there
    lost = [note for note in notes if "was lost" in note]
    assert len(lost) == 1
    assert lost[0].endswith("was lost: its worker died. It is made again")
    assert len(plugins.marks("call")) == 4 + 1
    assert "ray" not in done.stderr.replace("--ray-address", "")
    same(calm, tmp_path / "w")


def test_nobody_at_the_address(tmp_path, prepared):
    pytest.importorskip("ray", reason=WITHOUT)
    settings, calm = prepared
    copy_of(calm, tmp_path / "w", 1)
    with pytest.raises(EngineError, match=r"no Ray cluster answers at 127\.0\.0\.1:9.*ray start"):
        negmine.mine("w", **settings, engine="ray", ray_address="127.0.0.1:9")


def test_rays_client_is_refused_with_what_to_do(tmp_path, beir):
    with pytest.raises(SettingsError, match="ray job submit"):
        negmine.mine("w", data=beir, engine="ray", ray_address="ray://10.0.0.1:10001")


def test_without_ray_the_error_says_what_to_install(tmp_path, beir, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency, match=r"pip install 'negmine\[ray\]'"):
        negmine.mine("w", data=beir, retriever=["bm25"], engine="ray")


def test_a_work_directory_that_only_this_process_sees_is_refused(beir):
    pytest.importorskip("ray", reason=WITHOUT)
    with pytest.raises(SettingsError, match="only this process sees it"):
        negmine.mine("memory://bucket/work", data=beir, retriever=["bm25"], engine="ray")


def test_sigterm_ends_a_command_as_ctrl_c_does_while_it_is_connected(unconnected):
    of_the_cluster = signal.signal(signal.SIGTERM, signal.SIG_DFL)  # it runs in this process
    try:
        with pytest.raises(KeyboardInterrupt), ray_cluster._connected(unconnected.address):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, of_the_cluster)
