"""--engine ray: the rows of a command on a cluster are those of the same command without one."""

import json
import logging
import subprocess
import sys

import pytest

import negmine
from negmine.engine.executors import ray_cluster, ray_worker
from negmine.errors import EngineError, MissingDependency, ScorerError, SettingsError
from tests.engine.executors import plugins
from tests.engine.executors.conftest import WITHOUT
from tests.models.tiny import static_model
from tests.scorers.judge.mining import Ear, is_tea
from tests.scorers.judge.server import honest, serving
from tests.test_resume import rows_of

PLUGINS = "tests.engine.executors.plugins"


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


def locally(flags):
    return {name: value for name, value in flags.items() if name not in ("engine", "ray_address")}


def same(ours, theirs):
    """Hold all tables of two work directories against each other, order included."""
    ours, theirs = (
        {name.split("executors.plugins-")[0]: rows for name, rows in rows_of(work).items()}
        for work in (ours, theirs)
    )
    assert ours.keys() == theirs.keys()
    for name, rows in ours.items():
        assert rows.equals(theirs[name]), name


def test_every_stage_makes_the_rows_notes_and_progress_of_a_local_run(tmp_path, flags, small_parts):
    flags |= {
        "guide_model": [str(static_model(tmp_path / "guide"))], "max_risk": 0.9,
        "rerank_model": f"{PLUGINS}:Counting", "relative_margin": "auto", "rerank_depth": 4,
        "judge_model": "m", "judge_check": 2, "min_sensitivity": 0.0, "judge_scope": "all",
    }  # fmt: skip
    heard = {}
    with serving(honest(is_tea)) as server:
        flags["judge_url"] = server.url
        for work, settings in (("there", flags), ("here", locally(flags))):
            heard[work] = Counting()
            made = negmine.mine(work, progress=heard[work], **settings)
            heard[work].summary = made.summary
    same(tmp_path / "here", tmp_path / "there")
    here, there = heard["here"], heard["there"]
    assert there.summary == here.summary
    assert sorted(there.notes) == sorted(note.replace("here", "there") for note in here.notes)
    assert there.units == here.units
    assert all(state.state == "fresh" for state in negmine.status("there"))


def test_a_model_loads_once_in_each_worker(tmp_path, flags, small_parts):
    negmine.mine("w", rerank_model=f"{PLUGINS}:Counting", **flags)
    loads = [name.split("-")[1] for name in plugins.marks("load")]
    calls = [name.split("-")[1] for name in plugins.marks("call")]
    assert len(calls) == 4  # one part each
    others = set(calls)
    assert len(others) <= 2
    assert all(loads.count(process) == 1 for process in others)


@pytest.mark.parametrize(("scorer", "text"), [("Mistaken", "Burmese"), ("Buggy", "IndexError")])
def test_mistakes_are_raised_here_and_never_tried_again(tmp_path, flags, small_parts, scorer, text):
    ear = Ear()
    with pytest.raises(ScorerError, match=text):
        negmine.mine("w", rerank_model=f"{PLUGINS}:{scorer}", progress=ear, **flags, workers=1)
    assert len(plugins.marks("call")) == 1
    assert not any("lost" in note for note in ear.notes)


def test_a_part_that_a_dead_worker_was_making_is_made_again(tmp_path, flags, small_parts):
    ear = Ear()
    negmine.mine("w", rerank_model=f"{PLUGINS}:Dying:scorer", progress=ear, **flags)
    lost = [note for note in ear.notes if "was lost" in note]
    assert len(lost) == 1
    assert lost[0].endswith("was lost: its worker died. It is made again")
    assert len(plugins.marks("call")) == 4 + 1
    negmine.mine("calm", rerank_model=f"{PLUGINS}:Counting:scorer", **locally(flags))
    same(tmp_path / "calm", tmp_path / "w")


def test_a_part_is_made_again_three_times_and_what_is_done_is_kept(tmp_path, flags, small_parts):
    ear = Ear()
    with pytest.raises(EngineError, match="part 0 was lost 4 times; the last time its worker died"):
        negmine.mine("w", rerank_model=f"{PLUGINS}:AlwaysDying", progress=ear, workers=1, **flags)
    assert sum("part 0 was lost" in note for note in ear.notes) == 3
    assert len(plugins.marks("call")) == 4
    states = {state.artifact.name: state.state for state in negmine.status("w")}
    assert states["2-retrieve/candidates"] == "fresh"


def test_another_version_on_a_node_is_refused_naming_the_node(tmp_path, flags, monkeypatch):
    ours = {**ray_worker.versions(), "polars": "0.1"}
    monkeypatch.setattr(ray_cluster, "versions", lambda: ours)
    with pytest.raises(EngineError, match=r"node 127\.0\.0\.1 has polars \S+, the driver 0\.1"):
        negmine.mine("w", **flags)


def test_a_work_directory_that_a_node_does_not_see_is_refused(tmp_path, flags, monkeypatch):
    monkeypatch.setattr(ray_cluster, "holder_of", lambda root: "another disk")
    with pytest.raises(EngineError, match="does not see the work directory"):
        negmine.mine("w", **flags)


def test_the_cluster_is_not_remembered(tmp_path, flags):
    negmine.index("w", **flags)
    assert "ray" not in (tmp_path / "w" / "settings.json").read_text()


def test_the_connection_ends_with_the_command(tmp_path, flags):
    import ray

    negmine.mine("w", **flags)
    assert not ray.is_initialized()


def test_a_connection_of_the_users_own_is_used_and_stays(tmp_path, flags, cluster):
    import ray

    ray.init(address=cluster.address, logging_level=logging.ERROR, log_to_driver=False)
    try:
        negmine.mine("w", **flags)
        assert ray.is_initialized()
    finally:
        ray.shutdown()


def test_nobody_at_the_address(tmp_path, flags):
    pytest.importorskip("ray", reason=WITHOUT)
    flags["ray_address"] = "127.0.0.1:9"
    with pytest.raises(EngineError, match=r"no Ray cluster answers at 127\.0\.0\.1:9.*ray start"):
        negmine.mine("w", **flags)


def test_rays_client_is_refused_with_what_to_do(tmp_path, beir):
    with pytest.raises(SettingsError, match="ray job submit"):
        negmine.mine("w", data=beir, engine="ray", ray_address="ray://10.0.0.1:10001")


def test_without_ray_the_error_says_what_to_install(tmp_path, beir, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency, match=r"pip install 'negmine\[ray\]'"):
        negmine.mine("w", data=beir, retriever=["bm25"], engine="ray")


def test_notes_are_in_the_json_and_ray_prints_nothing(tmp_path, flags):
    settings = {name: value for name, value in flags.items() if name != "data"}
    words = [
        word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)
    ]
    script = "import negmine.config.memory as e; e.PART_QUERIES = 2\nfrom negmine.cli.start import main; main()"
    command = [
        "mine",
        "w",
        "--data",
        flags["data"],
        "--rerank-model",
        f"{PLUGINS}:Dying",
        *words,
        "--json",
    ]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, command)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    envelope = json.loads(done.stdout)  # nothing else is there
    assert sum("was lost" in note for note in envelope["notes"]) == 1
    assert "ray" not in done.stderr.replace("--ray-address", "")


def test_a_work_directory_at_an_address_is_refused_with_what_to_do(beir):
    pytest.importorskip("ray", reason=WITHOUT)
    from negmine.engine.executors.choose import chosen
    from negmine.stages.opening import context_to_mine

    context = context_to_mine("w", {"data": beir, "engine": "ray"}, None, None, None)
    context.work.name = "s3://bucket/work"
    with pytest.raises(SettingsError, match="shared folder"), chosen(context):
        pass
