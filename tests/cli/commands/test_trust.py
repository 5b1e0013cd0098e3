"""`negmine trust`: what it records, shows, and takes back."""

import json
import shutil

import pytest

from negmine.storage.small_json import read_sealed
from tests.cli.conftest import answer, invoke


@pytest.fixture
def received(work, tmp_path):
    """The finished run, received from elsewhere, with a judge in its settings."""
    copied = shutil.copytree(work, tmp_path / "received")
    settings = read_sealed(copied / "settings.json")
    settings["filter"] = {"judge_url": "http://127.0.0.1:9/v1", "judge_model": "m"}
    (copied / "settings.json").write_text(json.dumps(settings))
    return copied


def test_it_records_what_it_shows_and_takes_it_back(received):
    before = answer("status", received)["untrusted"]
    assert [one["setting"] for one in before] == ["data", "judge_url", "judge_model"]
    trusted = answer("trust", received)
    assert trusted["trusted"] == before
    assert str(received) not in trusted["record"]
    assert answer("status", received)["untrusted"] == []
    assert answer("trust", received, "--forget")["trusted"] == []
    assert answer("status", received)["untrusted"] == before


def test_it_says_what_each_thing_may_do(received):
    shown = invoke("trust", received).stdout
    assert "--judge-url http://127.0.0.1:9/v1 (endpoint): it gets documents, and the key" in shown
    assert "recorded in" in shown
    assert "is trusted any more" in invoke("trust", received, "--forget").stdout


def test_status_shows_what_is_not_trusted(received):
    shown = invoke("status", received).stdout
    assert "--judge-url http://127.0.0.1:9/v1 (endpoint)" in shown
    assert f"negmine trust {received}" in shown


def test_there_must_be_a_work_directory(tmp_path):
    done = invoke("trust", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "is no work directory" in done.stderr


def test_a_run_whose_trust_cannot_be_recorded_goes_on(received, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NEGMINE_TRUST", str(tmp_path / "file"))
    flags = ["--judge-url", "none", "--judge-model", "none", "--same-parent", "title"]
    done = invoke("filter", received, *flags)
    assert done.exit_code == 0, done.output
    data = json.loads((received / "settings.json").read_text())["index"]["data"]
    done = invoke("index", received, "--data", data)
    assert done.exit_code == 0, done.output
    assert "must name its plug-ins, files and so on again" in done.stderr
