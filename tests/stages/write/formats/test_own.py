"""Formats of other packages: the page's example, its name, who imports it, and what goes wrong with one."""

import json
import re
import sys
import tomllib
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.config.entry_points import registered
from negmine.config.formats import check_formats
from negmine.errors import FormatError, NotTrusted, SettingsError
from negmine.stages.write.formats.registry import FORMATS
from tests.config.test_entry_points import install
from tests.configs import resolve
from tests.test_cli import invoke

PAGE = (Path(__file__).parents[4] / "docs" / "how-to" / "add-a-format.md").read_text()
CODE = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1)
PACKAGE = tomllib.loads(re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL).group(1))
FLAGS = {"retriever": ["bm25"], "num_negatives": 2, "no_risk": True, "no_relative_margin": True}
SPEC = "my_formats:quiz"


@pytest.fixture
def quiz(tmp_path, monkeypatch):
    """The page's module. Returns the file that its import leaves."""
    site, mark = tmp_path / "site", tmp_path / "imported"
    install(site, "negmine-quiz", formats=PACKAGE["project"]["entry-points"]["negmine.formats"])
    (site / "my_formats.py").write_text(f"open({str(mark)!r}, 'w').close()\n{CODE}")
    monkeypatch.syspath_prepend(site)
    yield mark
    sys.modules.pop("my_formats", None)


def lines(work, name="quiz"):
    files = sorted((work / "5-write" / name).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_the_example_writes_what_flagembedding_has_under_other_names(tmp_path, beir, quiz):
    work = negmine.mine(tmp_path / "w", data=beir, format=[SPEC, "flagembedding"], **FLAGS).work
    wanted = [
        {"question": one["query"], "answers": one["pos"], "distractors": one["neg"]}
        for one in lines(work, "flagembedding")
    ]
    assert lines(work) == wanted and wanted
    beside = pl.read_parquet(work / "5-write" / "provenance" / "*.parquet")
    assert beside.height == len(wanted)
    assert "A row per question" in (work / "5-write" / "README.md").read_text()
    assert {row.state for row in negmine.status(work)} == {"fresh"}


def test_a_registered_name_becomes_the_plugin_which_is_remembered(tmp_path, beir, quiz):
    work = negmine.mine(tmp_path / "w", data=beir, format=["quiz"], **FLAGS).work
    remembered = json.loads((work / "settings.json").read_text())
    assert "my_formats:quiz:quiz" in json.dumps(remembered)
    assert lines(work)
    again = invoke("write", work, "--json")
    assert {one["outcome"] for one in json.loads(again.stdout)["data"]["artifacts"]} == {"fresh"}


def test_settings_import_nothing_and_a_remembered_name_is_not_looked_up(quiz):
    config = resolve({"format": ["quiz"]})
    assert config.write.format == ("my_formats:quiz:quiz",)
    assert not quiz.exists()


def test_own_names_come_first(tmp_path, monkeypatch):
    install(tmp_path / "site", "evil", formats={"triplet": "evil:make"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert resolve({"format": ["triplet"]}).write.format == ("triplet",)


def test_analyses_import_no_format(tmp_path, beir, quiz):
    work = negmine.mine(tmp_path / "w", data=beir, format=[SPEC, "triplet"], **FLAGS).work
    sys.modules.pop("my_formats")
    quiz.unlink()
    assert {row.state for row in negmine.status(work)} == {"fresh"}
    for analysis in ("report", "leak", "show", "explain"):
        query = ["q1"] if analysis == "explain" else []
        done = invoke(analysis, work, *query)
        assert done.exit_code == 0, done.output
    assert not quiz.exists()


def test_a_received_work_directory_runs_no_format(tmp_path, beir, quiz):
    work = negmine.mine(tmp_path / "w", data=beir, format=[SPEC], **FLAGS).work
    work.rename(tmp_path / "received")
    sys.modules.pop("my_formats")
    quiz.unlink()
    with pytest.raises(NotTrusted, match=r"--format my_formats:quiz \(plug-in\)"):
        negmine.write(tmp_path / "received", force=True)
    negmine.filter(tmp_path / "received", max_score=0.5, score="bm25")  # other stages need no trust
    assert not quiz.exists()
    assert negmine.write(tmp_path / "received", format=[SPEC]).summary["rows_written"]


def test_files_of_a_format_that_an_earlier_command_left_are_in_the_status(tmp_path, beir, quiz):
    work = negmine.mine(tmp_path / "w", data=beir, format=[SPEC], **FLAGS).work
    negmine.write(work, format=["triplet"])
    sys.modules.pop("my_formats")
    quiz.unlink()
    states = {row.artifact.name: row.state for row in negmine.status(work)}
    assert states["5-write/quiz"] == "fresh"
    negmine.filter(work, max_score=1, score="bm25")
    assert {row.artifact.name: row.state for row in negmine.status(work)}["5-write/quiz"] == "stale"
    assert not quiz.exists()


def test_what_a_format_reads_is_in_the_identity_of_its_files(tmp_path, beir, quiz, monkeypatch):
    work = negmine.mine(tmp_path / "w", data=beir, format=[SPEC], **FLAGS).work
    monkeypatch.setitem(sys.modules, "other_formats", sys.modules["my_formats"])
    done = negmine.write(work, format=["other_formats:quiz"])
    outcomes = {one["artifact"]: one["outcome"] for one in done.artifacts}
    assert outcomes["5-write/quiz"] == "made"


def test_batches_of_a_format_of_ones_own(tmp_path, beir, quiz):
    work = negmine.mine(tmp_path / "w", data=beir, format=[SPEC], **FLAGS).work
    rows = lines(work)
    made = negmine.batch(work, by="random", batch_size=2)
    assert made["in_batches"] == len(rows)
    files = [Path(file) for file in made["files"]]
    batched = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert sorted(map(str, batched)) == sorted(map(str, rows))
    assert {row.state for row in negmine.status(work)} == {"fresh"}


WRONG = {
    "no module": ("nothing_here:quiz", SettingsError, "in PYTHONPATH, in each command"),
    "no format": ("my_formats:schema", SettingsError, "not an OutputFormat"),
    "no attribute": ("my_formats:quizz", SettingsError, "Did you mean 'quiz'?"),
    "a colon too many": ("my_formats:quiz:a:b", SettingsError, "package.module:FORMAT:NAME"),
    "a path for a folder": ("my_formats:quiz:..", SettingsError, "letters, digits"),
    "a folder of negmine's": ("my_formats:quiz:provenance", SettingsError, "my_provenance"),
    "a relative module": ("..my_formats:quiz", SettingsError, "importing it ends in TypeError"),
    "several in one flag": ("triplet,n-tuple", SettingsError, "--format triplet --format n-tuple"),
    "another format's folder": ("my_formats:quiz:beir", SettingsError, "folder of negmine's own"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_name_is_refused_before_any_work(tmp_path, beir, quiz, case):
    spec, error, text = WRONG[case]
    with pytest.raises(error, match=re.escape(text)):
        negmine.mine(tmp_path / "w", data=beir, format=[spec], **FLAGS)
    assert not (tmp_path / "w" / "1-index" / "corpus").exists()


def test_a_wrong_name_is_answered_with_the_registered_ones(quiz):
    with pytest.raises(SettingsError, match=r"Did you mean 'quiz'\?.*dpr, quiz, or package"):
        check_formats(["quizz"], list(FORMATS), registered("format"))
    done = invoke("write", "nowhere", "--format", "quizz")
    assert done.exit_code == 2 and "Did you mean 'quiz'" in " ".join(done.output.split())


FAULTY = {
    "no rows": ("rows=lambda *_: None", "rows returned NoneType"),
    "too few rows": ("rows=lambda p, t, s: rows(p, t, s).head(0)", "0 rows for"),
    "another column": (
        "rows=lambda p, t, s: rows(p, t, s).drop('answers')",
        "do not fit its schema",
    ),
    "an error": ("rows=lambda p, t, s: 1 / 0", "my_formats.py:LAST): ZeroDivisionError"),
    "no ids": ("provenance=lambda p, n, s: p", "no column negative_id"),
    "no lists": ("has_lists=False", "lists in negative_id, and the format says has_lists=False"),
    "no schema": ("schema=lambda s: ['question']", "not a pyarrow.Schema"),
    "an end": ("rows=lambda *_: __import__('sys').exit(0)", "my_formats.py:LAST): SystemExit: 0"),
    "a column twice": (
        "schema=lambda s: __import__('pyarrow').schema([('a', 'large_string')] * 2)",
        "a column twice: a, a",
    ),
    "another kind": ("file_kind='../x'", "file_kind is '../x', and not one of jsonl, parquet"),
    "no number": ("most_negatives='x'", "most_negatives is 'x', and not a number from 1"),
}


@pytest.mark.parametrize("case", FAULTY)
def test_what_a_faulty_format_does_is_one_message(tmp_path, beir, quiz, case):
    change, text = FAULTY[case]
    site = tmp_path / "site" / "my_formats.py"
    site.write_text(
        f"{site.read_text()}\nfrom dataclasses import replace\nbad = replace(quiz, {change})\n"
    )
    text = text.replace("LAST", str(len(site.read_text().splitlines())))  # the line of the fault
    with pytest.raises((FormatError, SettingsError), match=re.escape(text)):
        negmine.mine(tmp_path / "w", data=beir, format=["my_formats:bad"], **FLAGS)


def test_a_format_with_a_file_of_its_own_name_is_refused(tmp_path, beir, quiz):
    site = tmp_path / "site" / "my_formats.py"
    site.write_text(
        f"{site.read_text()}\nquiz = __import__('dataclasses').replace(quiz, main='a.json')\n"
    )
    with pytest.raises(SettingsError, match="no `main`"):
        negmine.mine(tmp_path / "w", data=beir, format=[SPEC], **FLAGS)


def test_a_teacher_that_no_format_reads_is_refused_before_any_work(tmp_path, beir, quiz):
    with pytest.raises(SettingsError, match="--teacher: --format my_formats:quiz has no place"):
        negmine.mine(tmp_path / "w", data=beir, format=[SPEC], teacher="bm25", **FLAGS)
    assert not (tmp_path / "w" / "1-index" / "corpus").exists()
    both = [SPEC, "kd"]
    work = negmine.mine(tmp_path / "w", data=beir, format=both, teacher="bm25", **FLAGS).work
    assert lines(work)


def test_own_formats_are_their_modules():
    assert [one.name for one in FORMATS.values()] == list(FORMATS)
