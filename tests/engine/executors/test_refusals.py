"""--engine ray: mistakes are told once, and machines that are not like the driver's are refused."""

import pytest

import negmine
from negmine.engine.executors import ray_cluster, ray_worker
from negmine.errors import EngineError, ScorerError
from tests.engine.executors import plugins
from tests.engine.executors.conftest import PLUGINS, copy_of, lost, on
from tests.scorers.judge.mining import Ear


@pytest.fixture
def mine(tmp_path, monkeypatch, prepared, connected):
    """Return what mines on the cluster, in a folder of the test's own where some stages are made."""
    settings, calm = prepared
    monkeypatch.chdir(tmp_path)

    def mined(last_stage, **more):
        copy_of(calm, tmp_path / "w", last_stage)
        return negmine.mine("w", **settings, **on(connected), **more)

    return mined


@pytest.mark.parametrize(("scorer", "text"), [("Mistaken", "Burmese"), ("Buggy", "IndexError")])
def test_mistakes_are_raised_here_and_never_tried_again(mine, scorer, text):
    ear = Ear()
    with pytest.raises(ScorerError, match=text):
        mine(2, rerank_model=f"{PLUGINS}:{scorer}", progress=ear, workers=1)
    assert len(plugins.marks("call")) == 1
    assert not lost(ear)


def test_a_part_is_made_again_three_times_and_what_is_done_is_kept(mine):
    ear = Ear()
    with pytest.raises(EngineError, match="part 0 was lost 4 times; the last time its worker died"):
        mine(1, rerank_model=f"{PLUGINS}:AlwaysDying", progress=ear, workers=1)
    assert sum("part 0 was lost" in note for note in ear.notes) == 3
    assert len(plugins.marks("call")) == 4
    states = {state.artifact.name: state.state for state in negmine.status("w")}
    assert states["2-retrieve/candidates"] == "fresh"


def test_another_version_on_a_node_is_refused_naming_the_node(mine, monkeypatch):
    ours = {**ray_worker.versions(), "polars": "0.1"}
    monkeypatch.setattr(ray_cluster, "versions", lambda: ours)
    with pytest.raises(EngineError, match=r"node 127\.0\.0\.1 has polars \S+, the driver 0\.1"):
        mine(1)


def test_a_work_directory_that_a_node_does_not_see_is_refused(mine, monkeypatch):
    monkeypatch.setattr(ray_cluster, "holder_of", lambda root: "another disk")
    with pytest.raises(EngineError, match="does not see the work directory"):
        mine(1)
