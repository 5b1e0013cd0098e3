"""`negmine lint` for a shell script and for a person."""

import json
import re

import pytest

import negmine
from negmine.analysis.lint.rules import RULES
from negmine.errors import InputError, SettingsError
from tests.analysis.lint.command import invoke, run
from tests.analysis.lint.writers import SHAPES, clean, save, write


def test_a_person_sees_rules_rows_and_examples_on_stdout(faulty):
    done = run(faulty)
    assert done.returncode == 0
    assert "same_text_as_query: 1 of" in done.stdout
    assert "A negative is the same text as its query." in done.stdout
    assert re.search(r"^ +row 64, negative 1$", done.stdout, re.MULTILINE)
    assert re.search(r"^ +rows 71, 72, 73, ", done.stdout, re.MULTILINE)
    assert "not checked (needs --guide-model): guide_inverted" in done.stdout
    assert "\x1b[" not in done.stdout + done.stderr


def test_the_envelope_has_every_rule(faulty):
    done = invoke(faulty, "--json", "--rows", 3)
    envelope = json.loads(done.stdout)
    assert (envelope["command"], envelope["status"], done.stderr) == ("lint", "done", "")
    rules = {rule["rule"]: rule for rule in envelope["data"]["rules"]}
    assert len(rules) == len(RULES)
    hubs = rules["hub_negative"]
    assert (hubs["count"], len(hubs["rows"])) == (15, 3)
    assert hubs["rows"][0] == {"file": str(faulty), "row": 71}


def test_without_a_file_it_is_a_mistake_in_usage():
    assert run().returncode == 2
    with pytest.raises(InputError, match="no file"):
        negmine.lint([])


def test_a_guess_is_told_to_people_and_to_scripts(tmp_path):
    path, _ = write(tmp_path, clean(3), "labeled-list", ".jsonl", scored=True)
    done = invoke(path)
    assert "note: " in done.stderr
    assert "--label-threshold" in " ".join(done.stderr.split())
    assert "--label-threshold" in json.loads(invoke(path, "--json").stdout)["notes"][0]


def test_a_known_file_that_is_not_there(tmp_path):
    path, _ = write(tmp_path, clean(3), "triplet", ".jsonl")
    for flag in ("corpus", "qrels"):
        with pytest.raises(InputError, match=r"absent.jsonl does not exist"):
            negmine.lint(path, **{flag: tmp_path / "absent.jsonl"})
    with pytest.raises(InputError, match="--guide-model none/x/y does not exist"):
        negmine.lint(path, guide_model="none/x/y")
    with pytest.raises(InputError, match="--findings"):
        negmine.lint(path, findings=tmp_path / "absent" / "x.parquet")
    with pytest.raises(SettingsError):
        negmine.lint(path, near_duplicate=7)


def test_qrels_without_ids_are_not_passed_over_in_silence(tmp_path):
    path, _ = write(tmp_path, clean(3), "triplet", ".jsonl")
    (tmp_path / "qrels.txt").write_text("q 0 d 1\n")
    report = negmine.lint(path, qrels=tmp_path / "qrels.txt")
    rule = next(r for r in report["rules"] if r["rule"] == "relevant_in_qrels")
    assert not rule["checked"]
    assert "--queries and --corpus" in rule["why_not"]


def test_findings_are_never_written_over_what_is_read(tmp_path):
    path, _ = write(tmp_path, clean(3), "triplet", ".parquet")
    before = path.read_bytes()
    with pytest.raises(SettingsError, match="is a file that is read"):
        negmine.lint(path, findings=tmp_path / "." / path.name)
    assert path.read_bytes() == before


def test_a_failed_lint_leaves_no_unfinished_findings_file(tmp_path):
    path, _ = write(tmp_path, clean(3), "triplet", ".jsonl")
    path.write_text(path.read_text() + "{nope\n")
    with pytest.raises(InputError):
        negmine.lint(path, findings=tmp_path / "findings.parquet")
    assert not list(tmp_path.glob("findings.parquet*"))


def test_texts_of_documents_are_data(tmp_path):
    wild = "\x1b[31mred\x07 [bold]x[/bold] " + "long " * 100
    rows, _ = SHAPES["triplet"](clean(3), False)
    last = {"anchor": wild, "positive": "p", "negative": wild, "\x1b[31mred": 1}
    path = save(tmp_path / "x.jsonl", [*rows, last])
    shown = invoke(path).stdout
    assert "columns not read: [31mred" in shown
    assert "[bold]x[/bold]" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_help_ends_with_an_example_and_is_whole_in_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    done = run("--help")
    assert done.returncode == 0
    assert "--train-batch-size" in done.stdout
    assert "Example: negmine lint" in done.stdout
