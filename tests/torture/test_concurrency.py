"""Several processes in one work directory: rows as of one, no traceback, and a message for who has to wait."""

import itertools
import subprocess
import sys
import time

import polars as pl
import pytest

import negmine
from tests.conftest import write_beir
from tests.torture.faults import FULL

CLI = [sys.executable, "-m", "negmine.cli"]
TABLES = ("2-retrieve/candidates", "4-filter/verdicts", "5-write/triplet", "5-write/provenance")
WRITERS = {
    "mine": ["mine", "WORK", "--data", "DATA", "--retriever", "bm25", "--no-near-duplicate"],
    "filter": ["filter", "WORK", "--max-risk", "0.9"],
    "write": ["write", "WORK", "--format", "n-tuple", "--num-negatives", "2"],
}
READERS = [
    ["status", "WORK"], ["status", "WORK", "--verify"], ["explain", "WORK", "q3"], ["show", "WORK"],
    ["leak", "WORK"],
    ["report", "WORK", "--json", "-"], ["diff", "WORK", "WORK"],
    ["sweep", "WORK", "--grid", "max_risk=none,0.5"],
]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_beir(tmp_path_factory.mktemp("data") / "beir")


@pytest.fixture(scope="module")
def alone(tmp_path_factory, data):
    work = tmp_path_factory.mktemp("alone") / "work"
    negmine.mine(work, data=data, retriever=["bm25"], no_near_duplicate=True)
    return work


def start(words, work, data):
    words = [{"WORK": str(work), "DATA": str(data)}.get(word, word) for word in words]
    return subprocess.Popen(
        [*CLI, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process):
    """Return exit code and stderr of a process that has to end without a traceback."""
    _, error = process.communicate(timeout=300)
    assert "Traceback" not in error, error
    assert process.returncode in (0, 1), error
    assert process.returncode == 0 or error.count("error: ") == 1, error
    return process.returncode, error


def rows(work):
    return {name: pl.read_parquet(work / name / "*.parquet").rows() for name in TABLES}


@pytest.mark.parametrize("count", [2, 4] if FULL else [3])
def test_one_of_many_that_begin_together_makes_it_and_the_rows_are_right(
    count, alone, data, tmp_path
):
    processes = [start(WRITERS["mine"], tmp_path / "w", data) for _ in range(count)]
    ends = [ended(process) for process in processes]
    assert 0 in [code for code, _ in ends]
    assert all("is in use" in error for code, error in ends if code)
    assert ended(start(WRITERS["mine"], tmp_path / "w", data))[0] == 0
    assert rows(tmp_path / "w") == rows(alone)


@pytest.mark.parametrize("kinds", list(itertools.combinations(WRITERS, 2))[: None if FULL else 1])
def test_different_commands_at_once_leave_a_work_directory_that_is_whole(
    kinds, alone, data, tmp_path
):
    negmine.mine(tmp_path / "w", data=data, retriever=["bm25"], no_near_duplicate=True)
    for process in [start(WRITERS[kind], tmp_path / "w", data) for kind in kinds]:
        ended(process)
    assert ended(start(["status", "WORK", "--verify"], tmp_path / "w", data))[0] == 0
    negmine.mine(tmp_path / "w", data=data, retriever=["bm25"], no_near_duplicate=True)
    assert rows(tmp_path / "w") == rows(alone)


@pytest.mark.parametrize("reader", READERS if FULL else READERS[::3], ids=" ".join)
def test_an_analysis_while_stages_write_is_right_or_a_message(reader, alone, data, tmp_path):
    work = tmp_path / "w"
    negmine.mine(work, data=data, retriever=["bm25"], no_near_duplicate=True)
    writer = start([*WRITERS["mine"], "--force"], work, data)
    tried = 0
    while writer.poll() is None or tried == 0:
        ended(start(reader, work, data))
        tried += 1
        time.sleep(0.05)
    assert ended(writer)[0] == 0
    assert rows(work) == rows(alone)
