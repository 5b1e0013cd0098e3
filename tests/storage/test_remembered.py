"""What a work directory remembers: what worked, and nothing else."""

import json

import pytest

import negmine
from negmine.errors import CorruptArtifact, InputError, MissingArtifact
from negmine.storage.remembered import recall_settings, remembering
from negmine.storage.small_json import read_sealed
from negmine.storage.workdir import Workdir
from tests.configs import resolve


@pytest.fixture
def work(tmp_path, beir):
    negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"])
    return tmp_path / "w"


def stored(work):
    return read_sealed(work / "settings.json")


def test_a_flag_that_breaks_a_command_is_forgotten(work):
    before = stored(work)
    with pytest.raises(InputError, match="--same-parent nope"):
        negmine.filter(work, same_parent="nope")
    assert stored(work) == before
    assert negmine.filter(work).summary["kept"] > 0


def test_a_flag_that_works_is_remembered(work):
    negmine.filter(work, max_score=3.0)
    assert stored(work)["filter"]["max_score"] == 3.0


def test_stages_that_were_done_are_remembered_when_a_later_one_fails(tmp_path, beir, monkeypatch):
    def failing(context):
        raise InputError("no")

    with monkeypatch.context() as patch, pytest.raises(InputError):
        patch.setattr("negmine.stages.filter.features.tasks.features", failing)
        negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"], max_risk=0.9)
    assert stored(tmp_path / "w")["index"]["retriever"] == ["bm25"]
    assert "filter" not in stored(tmp_path / "w")
    assert negmine.filter(tmp_path / "w").summary["kept"] > 0


def test_a_killed_first_command_is_known_to_status(tmp_path, beir, monkeypatch):
    def killed(context):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("negmine.stages.retrieve.tasks.candidates", killed)
        negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"])
    states = {state.artifact.name: state.state for state in negmine.status(tmp_path / "w")}
    assert states["2-retrieve/bm25"] == "fresh"
    assert states["2-retrieve/candidates"] == "missing"


def test_a_killed_later_command_changes_nothing(work, monkeypatch):
    before = stored(work)

    def killed(context):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("negmine.stages.filter.tasks.verdicts", killed)
        negmine.filter(work, max_score=3.0)
    assert stored(work) == before


def test_a_first_command_that_never_began_leaves_no_work_directory(tmp_path):
    with pytest.raises(InputError, match="nope"):
        negmine.mine(tmp_path / "w", data=tmp_path / "nope", retriever=["bm25"])
    with pytest.raises(MissingArtifact, match="is no work directory"):
        negmine.filter(tmp_path / "w")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"index": {', "no JSON object"),
        ("null", "no JSON object"),
        ("[]", "no JSON object"),
        ('{"index": {"dta": "x"}}', "index.dta"),
        ('{"rooms": {}}', "rooms"),
        ('{"index": null}', "index"),
        ('{"retrieve": {"k": "many"}}', "retrieve.k"),
    ],
)
def test_damaged_settings_are_told_and_mended_by_mine(work, beir, text, said):
    (work / "settings.json").write_text(text)
    with pytest.raises(CorruptArtifact, match=r"settings\.json cannot be read .*negmine mine") as e:
        negmine.filter(work)
    assert said in str(e.value)
    result = negmine.mine(work, data=beir, retriever=["bm25"])
    assert {row["outcome"] for row in result.artifacts} == {"fresh"}
    assert negmine.filter(work).summary["kept"] > 0


def test_trying_out_remembers_nothing(work):
    assert recall_settings(Workdir(work)) is not None
    before = stored(work)
    from negmine.api import estimate_judge
    from negmine.stages.opening import open_existing

    said = {"judge_url": "http://localhost:1/v1", "judge_model": "m", "max_score": 3.0}
    estimate_judge(open_existing(work, said))
    assert stored(work) == before


def test_a_gate_that_is_not_met_leaves_the_settings_for_what_comes_next(work):
    from negmine.errors import GateNotMet

    said = resolve({"max_score": 3.0}, None, recall_settings(Workdir(work)))
    with (
        pytest.raises(GateNotMet),
        remembering(Workdir(work), said.to_remember(), lambda: ["index"]),
    ):
        raise GateNotMet("no")
    assert stored(work)["filter"] == {"max_score": 3.0}


def test_a_remembered_setting_that_is_gone_is_dropped_with_a_note(work):
    tables = stored(work)
    tables["filter"]["risk_learner"] = "linear"
    (work / "settings.json").write_text(json.dumps(tables))
    notes = []
    assert recall_settings(Workdir(work), notes.append) is not None
    assert [note.startswith("--risk-learner linear, which") for note in notes] == [True]
    result = negmine.filter(work)
    assert {row["outcome"] for row in result.artifacts} == {"fresh"}
    assert "risk_learner" not in stored(work)["filter"]
