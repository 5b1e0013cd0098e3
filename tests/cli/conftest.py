"""The command line in this process, and a finished run to look at."""

import json

import pytest
from typer.testing import CliRunner

from negmine.cli.app import app
from tests.conftest import write_beir


def invoke(*arguments, width=None):
    """Run a command line; width: columns of the terminal."""
    environment, extra = ({}, {}) if width is None else ({"COLUMNS": str(width)}, _help_of(width))
    runner = CliRunner(env=environment)
    return runner.invoke(app, list(map(str, arguments)), prog_name="negmine", **extra)


def _help_of(width):
    """Return the width of help that a terminal of `width` columns gets; the runner does not look at COLUMNS."""
    return {"terminal_width": width - 2}


def answer(*arguments):
    """Run a command line with --json; return what it answers as data."""
    done = invoke(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["data"]


@pytest.fixture(scope="session")
def work(tmp_path_factory):
    """A finished run over the tiny collection, by BM25."""
    folder = tmp_path_factory.mktemp("finished")
    data = write_beir(folder / "data")
    done = invoke("mine", folder / "work", "--data", data, "--retriever", "bm25")
    assert done.exit_code == 0, done.output
    return folder / "work"
