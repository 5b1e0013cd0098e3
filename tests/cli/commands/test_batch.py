"""`negmine batch` as a command: its table, its envelope, its exit codes."""

import json

import pytest
from typer.testing import CliRunner

from negmine.cli.app import app
from tests.stages.batch.collection import mined


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return mined(tmp_path_factory.mktemp("command"))


def run(*arguments):
    wide = {"COLUMNS": "120"}
    return CliRunner().invoke(app, ["batch", *map(str, arguments)], env=wide)


def test_the_summary_shows_the_orders_side_by_side(work):
    done = run(work, "--batch-size", 4)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "batches of 4 rows of n-tuple, by cluster" in lines[0]
    assert "Without a batch" in lines[1]
    names = ("as written", "shuffled", "composed")
    orders = {line.split("  ")[0]: line.split() for line in lines if line.startswith(names)}
    assert tuple(orders) == names
    assert orders["composed"][3] == orders["composed"][4] == "0"
    assert float(orders["shuffled"][5]) > 0


def test_json_has_counts_files_and_settings(work):
    data = json.loads(run(work, "--batch-size", 4, "--by", "random", "--json").stdout)["data"]
    assert data["settings"]["by"] == "random"
    assert data["rows"] == data["in_batches"] + sum(data["left_over"].values())
    assert all("6-batch/n-tuple/part-" in file for file in data["files"])
    assert set(data["false_negatives"]) == {"file", "shuffled", "composed"}


def test_settings_that_cannot_work_are_usage_errors(work):
    assert run(work, "--by", "source").exit_code == 2
    assert run(work, "--by", "topic").exit_code == 2


def test_the_summary_of_files_says_how_many_and_where_the_others_are(work):
    done = run(work, "--batch-size", 4, "--layout", "files", "--cluster-size", 24)
    files = len(list((work / "6-batch" / "n-tuple").glob("*.parquet")))
    assert f"{files} files of 4 or more rows of n-tuple, by cluster" in done.stdout
    assert "Without a batch, in no file" in done.stdout
