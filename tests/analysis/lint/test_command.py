"""`negmine lint` as a shell script and as a person meet it."""

import gzip
import json
import os
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import negmine
from negmine.analysis.lint.rules import RULES
from negmine.cli.app import app
from negmine.cli.render import lint as view
from negmine.errors import GateNotMet, InputError, SettingsError
from tests.analysis.lint.test_planted import planted
from tests.analysis.lint.writers import SHAPES, clean, save, write


def run(*arguments, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "negmine.cli", "lint", *map(str, arguments)],
        capture_output=True,
        text=True,
        **kwargs,
    )


def invoke(*arguments):
    """Run the command in this process: its kernels are compiled once."""
    return CliRunner().invoke(app, ["lint", *map(str, arguments)])


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faulty")
    return write(folder, planted()[0], "n-tuple", ".parquet", scored=True)[0]


def test_a_person_sees_rules_rows_and_examples_on_stdout(faulty):
    done = run(faulty)
    assert done.returncode == 0
    assert "same_text_as_query  1 of" in done.stdout
    assert "A negative is its own query" in done.stdout
    assert re.search(r"^ +rows 64$", done.stdout, re.MULTILINE)
    assert "not checked (no --guide-model): guide_inverted" in done.stdout
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


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        (["same_text_as_query=0"], 3),
        (["same_text_as_query=1"], 0),
        (["same_text_as_query=1%"], 0),
        (["same_text_as_query=0.001"], 3),
        (["same_text_as_query=0.1%"], 3),
        (["fault=0"], 3),
        (["fault=3", "hub_negative=20"], 0),
        (["fault=3", "hub_negative=10%"], 0),
        (["fault=3", "hub_negative=5%"], 3),
        (["guide_inverted=0"], 3),
    ],
)
def test_gates(faulty, gates, code):
    done = invoke(faulty, "--json", *(word for gate in gates for word in ("--fail-on", gate)))
    envelope = json.loads(done.stdout)
    assert done.exit_code == envelope["exit_code"] == code
    assert len(envelope["data"]["rules"]) == len(RULES)  # what was found is told all the same
    if code:
        assert envelope["errors"][0]["kind"] == "GateNotMet"
        assert f"--fail-on {gates[-1]}" in done.stderr


def test_a_gate_on_every_fault_passes_a_clean_file(tmp_path):
    path, _ = write(tmp_path, clean(), "triplet", ".jsonl")
    assert invoke(path, "--fail-on", "fault=0").exit_code == 0
    with pytest.raises(GateNotMet, match="noisy_positive was not checked"):
        negmine.lint(path, fail_on=["noisy_positive=0"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fail-on", "same_text=0"], "Did you mean same_text_as"),
        (["--fail-on", "fault"], "say RULE=LIMIT"),
        (["--fail-on", "fault=many"], "a count (0, 25) or a share (0.01, 1%)"),
        (["--fail-on", "fault=-1"], "a count"),
        (["--fail-on", "fault=1.5"], "at most 1"),
        (["--near-duplicate", "0"], "--near-duplicate 0 must be above 0"),
        (["--length-auc", "0.4"], "--length-auc"),
        (["--hub-share", "2"], "--hub-share"),
        (["--train-batch-size", "8"], "--guide-model"),
        (["--guide-model", "m", "--train-batch-size", "1"], "2 or more"),
        (["--vector-store", "v"], "--guide-model"),
        (["--queries", "q.jsonl"], "--qrels"),
        (
            ["--guide-model", "m", "--guide-query-prompt", "a", "--guide-query-prompt", "b"],
            "one prompt",
        ),
        (["--on-error", "never"], "--on-error"),
        (["--rows", "0"], "--rows"),
    ],
)
def test_flags_that_cannot_work(faulty, arguments, said):
    done = invoke(faulty, *arguments)
    assert done.exit_code == 2
    assert said in " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stderr).split())


def test_without_a_file_it_is_a_mistake_in_usage():
    assert run().returncode == 2
    with pytest.raises(InputError, match="no file"):
        negmine.lint([])


def bad_files(folder):
    good = json.dumps({"anchor": "a b", "positive": "c d", "negative": "e f"})
    texts = {
        "empty.jsonl": "",
        "blank.jsonl": "\n\n",
        "broken.jsonl": f"{good}\n{{nope\n",
        "list.jsonl": "[1]\n",
        "kind.jsonl": f'{good}\n{{"anchor": "a", "positive": 3, "negative": "c"}}\n',
        "surrogate.jsonl": f'{good}\n{{"anchor": "\\ud800", "positive": "b", "negative": "c"}}\n',
        "columns.jsonl": '{"a": "b"}\n',
        "lengths.jsonl": '{"query": "a", "pos": ["b"], "neg": ["c"], "neg_scores": [1, 2]}\n',
        "labels.jsonl": '{"q": "a", "docs": ["b", "c"], "labels": [1]}\n',
        "scores.jsonl": '{"q": "a", "p": "b", "n": "c", "scores": [1, 2, 3]}\n',
        "empty.csv": "a,b,c\n",
        "not.parquet": "PAR1 no",
        "x.docx": "?",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "cut.jsonl.gz").write_bytes(gzip.compress((good * 999).encode())[:-9])
    (folder / "latin.jsonl").write_bytes(good.encode() + b'\n{"anchor": "\xe9"}\n')
    save(folder / "none.parquet", [{"a": "x", "b": "y", "c": "z"}])
    (folder / "folder").mkdir()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent.jsonl", "does not exist"),
        ("empty.jsonl", "there are no rows"),
        ("blank.jsonl", "there are no rows"),
        ("empty.csv", "there are no rows"),
        ("broken.jsonl", "broken.jsonl, line 2: invalid JSON"),
        ("list.jsonl", "not an object"),
        ("kind.jsonl", "line 2: a text is wanted, this is 3"),
        ("surrogate.jsonl", "line 2"),
        ("columns.jsonl", "--query-column"),
        ("lengths.jsonl", "line 1: 'neg_scores' has not as many"),
        ("labels.jsonl", "line 1: 'labels' has not as many"),
        ("scores.jsonl", "line 1: 'scores' has not as many"),
        ("not.parquet", "cannot be read as Parquet"),
        ("x.docx", "what format is this"),
        ("cut.jsonl.gz", "gzip"),
        ("latin.jsonl", "not UTF-8"),
        ("folder", "no .parquet and no .jsonl files"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, said):
    bad_files(tmp_path)
    done = invoke(tmp_path / name)
    assert done.exit_code == 1
    assert said in done.stderr
    assert name in done.stderr
    assert done.stdout == ""
    assert isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("name", ["broken", "kind", "surrogate", "latin"])
def test_bad_rows_can_be_left_out_and_are_counted(tmp_path, name):
    bad_files(tmp_path)
    report = negmine.lint(tmp_path / f"{name}.jsonl", on_error="skip")
    assert report["totals"]["rows"] == 1
    assert report["notes"][0].endswith("1 rows left out")


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


def test_a_failed_lint_leaves_no_half_of_a_findings_file(tmp_path):
    bad_files(tmp_path)
    with pytest.raises(InputError):
        negmine.lint(tmp_path / "broken.jsonl", findings=tmp_path / "found.parquet")
    assert not list(tmp_path.glob("found.parquet*"))


def test_a_work_directory_is_told_which_folder_to_name(tmp_path, beir):
    negmine.mine(tmp_path / "work", data=beir, retriever=["bm25"])
    negmine.mine(tmp_path / "work", data=beir, retriever=["bm25"], format="labeled-pair")
    for folder in (tmp_path / "work", tmp_path / "work/5-write"):
        done = invoke(folder)
        assert done.exit_code == 1
        said = "".join(done.stderr.split())
        folders = [f"{tmp_path}/work/5-write/{name}" for name in ("labeled-pair", "triplet")]
        assert f"Nameoneofthese:{','.join(folders)}." in said


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_fit_the_terminal(faulty, width):
    report = negmine.lint([faulty, faulty], train_batch_size=None)
    for line in view.lines(report, width):
        assert line.cell_len <= max(width, 60), line.plain


def test_texts_of_documents_are_data(tmp_path):
    wild = "\x1b[31mred\x07 [bold]x[/bold] " + "long " * 100
    rows, _ = SHAPES["triplet"](clean(3), False)
    path = save(tmp_path / "x.jsonl", [*rows, {"anchor": wild, "positive": "p", "negative": wild}])
    shown = invoke(path).stdout
    assert "[bold]x[/bold]" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_help_ends_with_an_example_and_is_whole_in_a_narrow_terminal():
    done = run("--help", env=os.environ | {"COLUMNS": "60"})
    assert done.returncode == 0
    assert "--train-batch-size" in done.stdout
    assert "Example: negmine lint" in done.stdout
