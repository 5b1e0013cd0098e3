"""The command line as a shell script meets it: exit codes, stdout, stderr, the JSON envelope."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from negmine.cli.app import app
from tests.conftest import write_beir
from tests.warm import negmine as run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    write_beir(folder / "data")
    done = run("mine", folder / "work", "--data", folder / "data", "--retriever", "bm25", "--json")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def invoke(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_version_and_help_work():
    assert invoke("--version").output.startswith("negmine ")
    for command in ("mine", "index", "retrieve", "filter", "write", "status", "explain"):
        shown = invoke(command, "--help")
        assert shown.exit_code == 0
        assert "Example:" in shown.output


def test_the_envelope_of_a_finished_run(finished):
    _, envelope = finished
    assert envelope["status"] == "done"
    assert envelope["exit_code"] == 0
    summary = envelope["data"]["summary"]
    assert summary["candidates"] == summary["kept"] + sum(summary["removed"].values())
    assert summary["rows_written"] > 0
    assert all(path.endswith(".parquet") for path in envelope["data"]["files"])


def test_people_get_a_summary_on_stdout_and_talk_on_stderr(finished):
    folder, _ = finished
    done = run("mine", folder / "work", "--data", folder / "data", "--retriever", "bm25")
    assert done.returncode == 0
    assert "= kept" in done.stdout
    assert "up to date" in done.stderr
    assert "up to date" not in done.stdout
    assert "\x1b[" not in done.stdout + done.stderr


def test_status_as_table_and_as_json(finished):
    folder, _ = finished
    table = run("status", folder / "work").stdout
    assert "4-filter/verdicts" in table
    assert "fresh" in table
    envelope = json.loads(run("status", folder / "work", "--json", "--k", "7").stdout)
    stale = {row["artifact"]: row["why"] for row in envelope["data"]["artifacts"]}
    assert stale["2-retrieve/bm25"] == "k 100 -> 7"


def test_explain_shows_scores_and_reasons(finished):
    folder, _ = finished
    shown = run("explain", folder / "work", "q3").stdout
    assert "how long do cats sleep" in shown
    assert "is_positive" in shown
    assert "cat-3" in shown
    envelope = json.loads(run("explain", folder / "work", "q3", "--json").stdout)
    assert {row["label"] for row in envelope["data"]["rows"]} == {
        "positive", "unlabeled", "judged_negative"
    }  # fmt: skip


def test_explain_of_a_copied_query_shows_the_first(finished):
    folder, _ = finished
    found = json.loads(run("explain", folder / "work", "q2", "--json").stdout)["data"]
    assert found["query_id"] == "q1"
    assert found["asked_for"] == "q2"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["mine", "W", "--data", "absent"], 1, "absent"),
        (["mine", "W"], 2, "--data"),
        (["mine", "W", "--data", "D", "--k", "0"], 2, "--k"),
        (["mine", "W", "--data", "D", "--k", "many"], 2, "--k"),
        (["mine", "W", "--data", "D", "--frmat", "x"], 2, "--format"),
        (["mine", "W", "--data", "D", "--retriever", "bm52"], 2, "bm52"),
        (["mine", "W", "--data", "D", "--config", "none.toml"], 2, "none.toml"),
        (["mine", "D", "--data", "D"], 1, "not empty"),
        (["status", "W"], 1, "negmine mine"),
        (["explain", "W", "q1"], 1, "negmine mine"),
        (["retrieve", "W", "--data", "D", "--retriever", "bm25"], 2, "negmine index W --data D"),
        (["retrieve", "W"], 1, "negmine index"),
    ],
)
def test_a_mistake_is_told_in_one_message_without_a_traceback(tmp_path, arguments, code, said):
    write_beir(tmp_path / "D")
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_errors_are_in_the_envelope_too(tmp_path):
    done = run("mine", tmp_path / "w", "--data", tmp_path / "absent", "--json")
    envelope = json.loads(done.stdout)
    assert done.returncode == envelope["exit_code"] == 1
    assert envelope["status"] == "failed"
    assert envelope["errors"][0]["kind"] == "InputError"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mine", "W", "--k", "abc", "--json"], "'abc' is not a whole number"),
        (["filter", "W", "--iqr", "abc", "--json"], "'abc' is not a number or 'none'"),
        (["mine", "W", "--format", "tripplet", "--json"], "'tripplet' is not one of"),
        (["mine", "W", "--frmat", "x", "--json"], "--frmat"),
        (["mine", "--json"], "WORK"),
        (["minne", "--json"], "minne"),
    ],
)
def test_usage_errors_are_in_the_envelope_too(arguments, said):
    done = run(*arguments)
    envelope = json.loads(done.stdout)
    assert done.returncode == envelope["exit_code"] == 2
    assert envelope["status"] == "failed"
    assert envelope["errors"][0]["kind"] == "SettingsError"
    assert said in envelope["errors"][0]["message"]
    assert said in done.stderr
    assert "Value error" not in done.stdout + done.stderr


def test_none_unsets_a_number_on_the_command_line(finished, tmp_path):
    folder, _ = finished
    flags = ["--data", folder / "data", "--retriever", "bm25", "--iqr", "1.5"]
    assert run("mine", tmp_path / "w", *flags).returncode == 0
    for flag in (
        "iqr",
        "same-parent",
        "guide-model",
        "rerank-model",
        "owner-query",
        "bm25-variant",
    ):
        assert run("status", tmp_path / "w", f"--{flag}", "none").returncode == 0, flag
    assert run("filter", tmp_path / "w", "--iqr", "none").returncode == 0
    assert "iqr" not in json.loads((tmp_path / "w/settings.json").read_text())["filter"]


def test_help_in_a_narrow_terminal_keeps_the_names_of_flags(monkeypatch):
    import os

    narrow = os.environ | {"COLUMNS": "50"}
    done = subprocess.run(
        [sys.executable, "-m", "negmine.cli", "index", "--help-all"],
        capture_output=True, text=True, env=narrow,
    )  # fmt: skip
    assert "--qrels-split TEXT" in done.stdout
    assert "list[str]" not in done.stdout


def test_an_unknown_query_names_the_nearest(finished):
    folder, _ = finished
    done = run("explain", folder / "work", "q33")
    assert done.returncode == 1
    assert 'Did you mean "q3"?' in done.stderr
    assert "was not mined" in run("explain", folder / "work", "q7").stderr


def test_a_config_file_gives_the_same_as_flags(finished, tmp_path):
    folder, _ = finished
    (tmp_path / "negmine.toml").write_text(
        f'[index]\ndata = "{folder / "data"}"\nretriever = ["bm25"]\n'
    )
    done = run("mine", folder / "work", "--config", tmp_path / "negmine.toml", "--json")
    outcomes = {row["outcome"] for row in json.loads(done.stdout)["data"]["artifacts"]}
    assert outcomes == {"fresh"}


def test_bm25_imports_no_torch(finished, tmp_path):
    folder, _ = finished
    code = (
        "import sys, negmine\n"
        f"negmine.mine(r'{tmp_path / 'w'}', data=r'{folder / 'data'}', retriever=['bm25'])\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'faiss'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_a_word_the_help_is_printed_and_the_exit_code_is_that_of_a_usage_error():
    bare, asked = run(), run("--help")
    assert bare.stdout == asked.stdout
    assert "[1m" not in bare.stdout
    assert (bare.returncode, asked.returncode) == (2, 0)


def test_a_file_that_is_gone_from_a_pattern_is_told(tmp_path):
    data = write_beir(tmp_path / "beir")
    lines = (data / "corpus.jsonl").read_text().splitlines(keepends=True)
    for name, some in {"a": lines[:20], "b": lines[20:]}.items():
        (data / f"part-{name}.jsonl").write_text("".join(some))
    files = [f"--corpus={data}/part-*.jsonl", f"--queries={data}/queries.jsonl"]
    files.append(f"--qrels={data}/qrels/train.tsv")
    assert run("mine", tmp_path / "w", *files, "--retriever", "bm25").returncode == 0
    (data / "part-b.jsonl").unlink()
    done = run("mine", tmp_path / "w", *files, "--retriever", "bm25")
    assert (
        "1-index/corpus: 20 rows from 1 file, 4 fewer than when they were last read" in done.stderr
    )


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from typer.testing import CliRunner; from negmine.cli.app import app\n"
        "CliRunner().invoke(app, ['mine', '--help'])\n"
        "heavy = {'torch', 'polars', 'pyarrow', 'numba', 'faiss', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_library_does_what_the_commands_do(finished, tmp_path):
    import negmine

    folder, envelope = finished
    result = negmine.mine(tmp_path / "w", data=folder / "data", retriever=["bm25"])
    assert result.summary == envelope["data"]["summary"]
    assert negmine.explain(tmp_path / "w", "q3")["query_id"] == "q3"
    assert sorted(negmine.__all__) == negmine.__all__
    assert all(getattr(negmine, name) is not None for name in negmine.__all__)
