"""`negmine report` as a shell script meets it."""

import json
import shutil

import pytest
from typer.testing import CliRunner

import negmine
from negmine.analysis.report.files import default_page
from negmine.analysis.report.schema import Report
from negmine.cli.app import app
from negmine.cli.console import out
from negmine.errors import MissingArtifact, SettingsError


def run(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


@pytest.fixture
def copied(tmp_path, work):
    return shutil.copytree(work, tmp_path / "run", copy_function=shutil.copy2)


def test_without_flags_the_page_lies_beside_the_work_directory(copied):
    done = run(copied, "--no-leak")
    page = copied.parent / "run-report.html"
    assert done.exit_code == 0, done.output
    assert f"{page}  (" in done.stdout
    assert "candidates" in done.stdout
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not list(copied.parent.glob("*.tmp"))


def test_the_default_page_of_any_path(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a")
    assert str(default_page(type(tmp_path)("b"))) == "b-report.html"
    assert default_page(type(tmp_path)(".")) == tmp_path / "a-report.html"
    assert default_page(type(tmp_path)("..")) == tmp_path.parent / f"{tmp_path.name}-report.html"


def test_json_to_a_file_is_the_bare_report_and_no_page(copied):
    done = run(copied, "--json", copied.parent / "r.json", "--no-leak")
    assert done.exit_code == 0
    assert Report.model_validate_json((copied.parent / "r.json").read_text()).work == "run"
    assert not (copied.parent / "run-report.html").exists()


def test_json_to_stdout_is_the_envelope_of_every_command(copied):
    page = copied.parent / "p.html"
    done = run(copied, "--json", "-", "--html", page, "--no-leak")
    envelope = json.loads(done.stdout)
    assert (envelope["command"], envelope["status"]) == ("report", "done")
    Report.model_validate(envelope["data"])
    assert any(str(page) in note for note in envelope["notes"])
    assert page.exists()
    for alone in (["--no-leak", "--json"], ["--json", "--no-leak"]):
        envelope = json.loads(run(copied, *alone).stdout)
        assert (envelope["command"], envelope["status"]) == ("report", "done")


def test_a_work_directory_that_is_not_there_or_not_finished(tmp_path, beir):
    missing = run(tmp_path / "nothing", "--json", "-")
    envelope = json.loads(missing.stdout)
    assert missing.exit_code == envelope["exit_code"] == 1
    assert envelope["errors"][0]["kind"] == "MissingArtifact"
    negmine.index(tmp_path / "w", data=beir, retriever=["bm25"])
    negmine.retrieve(tmp_path / "w")
    with pytest.raises(MissingArtifact, match="negmine filter"):
        negmine.report(tmp_path / "w", html=tmp_path / "x.html")
    negmine.filter(tmp_path / "w")
    with pytest.raises(MissingArtifact, match="negmine write"):
        negmine.report(tmp_path / "w", html=tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--html", "nowhere/x.html"], "its folder does not exist"),
        (["--html", "."], "is a folder"),
        (["--html", "x", "--json", "x"], "Name two files"),
        (["--html", "-"], "the page goes to a file"),
        (["--html", "run/page.html"], "lies in the work directory"),
        (["--json", "run/5-write/r.json"], "lies in the work directory"),
        (["--json", "nowhere/x.json"], "its folder does not exist"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_the_work(copied, monkeypatch, flags, said):
    monkeypatch.chdir(copied.parent)
    monkeypatch.setattr("negmine.api.make_report", lambda *_: pytest.fail("it was made"))
    done = run("run", *flags)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_full_disk_leaves_the_old_page(copied, monkeypatch):
    page = copied.parent / "page.html"
    page.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(SettingsError, match="No space left"):
        negmine.report(copied, html=page, leak=False)
    assert page.read_text() == "old"


def test_wrong_flags_are_usage_errors():
    for flags in (["--sample", "61"], ["--recall-floor", "2"], ["--html"]):
        assert run("w", *flags).exit_code == 2


def test_a_run_of_bm25_alone_has_a_report(tmp_path, beir):
    work = negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"]).work
    report = negmine.report(work, html=tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert [one.scorer for one in report.scorers] == ["bm25"]
    assert {one.by for one in report.ranks} == {one.retriever for one in report.recall} == {"bm25"}
    assert "thresholds read it" not in page  # there is none
    assert "Who found the candidates" not in page
    assert "this run has no --relative-margin" in page
    assert "This run has no --relative-margin" in page
    assert report.leak.setting == "relative_margin"
    assert report.ran.models == []


def test_a_pipe_is_as_wide_as_columns_says(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert out().width == 60
    monkeypatch.delenv("COLUMNS")
    assert out().width == 160
