"""`negmine decontaminate` at the terminal: the table, the envelope, exit codes."""

import json

from typer.testing import CliRunner

from negmine.cli.app import app
from tests.stages.filter.contamination.planted import mine, write_evaluation


def run(*words):
    return CliRunner().invoke(app, ["decontaminate", *map(str, words)])


def test_the_table_counts_by_set_role_and_test_and_shows_examples(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    done = run(tmp_path / "work", "--against", folder)
    assert done.exit_code == 0
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "set queries 2 of 5 1 1 1 -" in lines
    assert any(line.startswith("4 of 5 queries are contaminated") for line in lines)
    assert any(line.startswith("query same, by exact 1: set query t1") for line in lines)


def test_a_gate_that_is_not_met_ends_with_3_and_the_numbers_are_there(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    done = run(tmp_path / "work", "--against", folder, "--max-contaminated", "10%", "--json")
    assert done.exit_code == 3
    envelope = json.loads(done.stdout)
    assert envelope["errors"][0]["kind"] == "GateNotMet"
    assert envelope["data"]["contaminated"]["queries"] == 4
    assert run(tmp_path / "work", "--against", folder, "--max-contaminated", "4").exit_code == 0


def test_wrong_usage_ends_with_2(tmp_path):
    mine(tmp_path)
    assert run(tmp_path / "work").exit_code == 2
    folder = write_evaluation(tmp_path / "set")
    assert run(tmp_path / "work", "--against", folder, "--max-contaminated", "some").exit_code == 2
    assert run(tmp_path / "work", "--against", folder, "--eval-test", "guess").exit_code == 2
