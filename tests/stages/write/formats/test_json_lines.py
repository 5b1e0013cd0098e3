"""JSON lines from end to end: `negmine write`, a kill and a resume, and all who read the files."""

import json
import os
import signal
import subprocess
import sys

import polars as pl
import pytest

import negmine
from negmine.stages.write.formats import registry
from negmine.storage.contents import is_recorded
from tests.conftest import QUERIES, write_beir
from tests.stages.write.formats import query_lists

FLAGS = {"retriever": ["bm25"], "num_negatives": 3, "k": 5}
# Registers the format and runs the command line. With KILL it dies as by `kill -9` after the first part.
SCRIPT = """
import os, signal
import negmine.config.memory as memory
from negmine.stages.write.formats import registry
registry.MODULES["query-lists"] = "tests.stages.write.formats.query_lists"
memory.PART_QUERIES = 2
if os.environ.get("KILL"):
    from negmine.storage.workdir import Workdir
    real = Workdir.write_part
    def dying(self, name, *rest):
        real(self, name, *rest)
        if name == "5-write/query-lists":
            os.kill(os.getpid(), signal.SIGKILL)
    Workdir.write_part = dying
from negmine.cli.app import main
main()
"""


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(registry.MODULES, query_lists.NAME, query_lists.MODULE)


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """Return a work directory of four parts whose triplets are written."""
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 2)
    queries = QUERIES | {"q8": "the order of a list of lists"}
    data = write_beir(tmp_path / "beir", queries=queries)
    return negmine.mine(tmp_path / "work", data=data, **FLAGS).work


def command(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def write(work, *flags, **environment):
    return command("write", work, "--format", query_lists.NAME, *flags, **environment)


def rows(work):
    files = sorted((work / "5-write" / query_lists.NAME).glob("part-*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def states(work, **settings):
    return {state.artifact.name: state for state in negmine.status(work, **settings)}


def test_the_command_writes_rows_beside_their_provenance(finished):
    done = write(finished, "--json")
    assert done.returncode == 0, done.stderr
    envelope = json.loads(done.stdout)["data"]
    about = pl.read_parquet(finished / "5-write" / "provenance" / "*.parquet")
    assert envelope["summary"]["rows_written"] == len(rows(finished)) == about.height > 0
    assert len([file for file in envelope["files"] if file.endswith(".jsonl")]) == 4
    for row, beside in zip(rows(finished), about.iter_rows(named=True), strict=True):
        assert list(row) == ["query", "pos", "neg", "neg_scores", "first_rank"]
        assert len(row["pos"]) == 1
        assert len(row["neg"]) == len(beside["negative_id"]) == len(row["neg_scores"])
        assert row["neg_scores"] == pytest.approx(beside["score"], rel=1e-6)
    assert {row["first_rank"] is None for row in rows(finished)} == {True, False}
    assert any("電池" in row["query"] for row in rows(finished))
    assert states(finished)["5-write/query-lists"].state == "fresh"
    again = json.loads(write(finished, "--json").stdout)["data"]["artifacts"]
    assert {one["outcome"] for one in again} == {"fresh"}


def test_a_kill_between_parts_loses_none_and_the_rows_are_the_same(finished, tmp_path):
    assert write(finished, KILL="yes").returncode == -signal.SIGKILL
    state = states(finished, format=query_lists.NAME)["5-write/query-lists"]
    assert state.state == "partial"
    assert "done" in state.why
    partial = finished / "5-write" / query_lists.NAME / ".partial"
    done = [path for path in partial.glob("part-*.jsonl") if is_recorded(path)]  # with its hash
    kept = {path.name: path.stat().st_ino for path in done}
    assert 1 <= len(kept) < 4
    assert write(finished).returncode == 0
    assert not partial.exists()
    final = {p.name: p.stat().st_ino for p in partial.parent.glob("part-*.jsonl")}
    for name, inode in kept.items():
        number = name.split(".")[0]
        assert final[f"{number}.jsonl"] == inode, "a part that was done is not made again"
    resumed = rows(finished)
    assert write(finished, "--force").returncode == 0
    assert rows(finished) == resumed


def test_a_part_that_is_gone_is_noticed_and_made_again(finished):
    write(finished)
    before = rows(finished)
    (finished / "5-write" / query_lists.NAME / "part-00001.jsonl").unlink()
    state = states(finished)["5-write/query-lists"]
    assert (state.state, state.why) == ("partial", "a part is missing or altered")
    write(finished)
    assert rows(finished) == before
    assert states(finished)["5-write/query-lists"].state == "fresh"


@pytest.mark.filterwarnings("ignore")
def test_the_data_card_loads_it_and_says_how_to_load_files_of_another_kind(finished, tmp_path):
    from datasets import load_dataset

    write(finished)
    card = (finished / "5-write" / "README.md").read_text(encoding="utf-8")
    assert "A row per query and positive: lists of texts." in card
    assert "The keys are those that a test reads." in card
    assert "| `query-lists` | " in card
    cache = str(tmp_path / "cache")
    loaded = load_dataset(str(finished / "5-write"), cache_dir=cache)
    assert list(loaded) == ["train"]
    assert loaded["train"].to_list() == rows(finished)
    other = 'load_dataset("parquet", data_files="FOLDER/triplet/*.parquet")'
    assert other in card
    parts = str(finished / "5-write" / "triplet" / "*.parquet")
    triplets = load_dataset("parquet", data_files=parts, split="train", cache_dir=cache)
    assert triplets.column_names == ["anchor", "positive", "negative"]

    negmine.write(finished, format="triplet")
    card = (finished / "5-write" / "README.md").read_text(encoding="utf-8")
    assert 'load_dataset("json", data_files="FOLDER/query-lists/*.jsonl")' in card
    loaded = load_dataset(str(finished / "5-write"), cache_dir=cache)
    assert loaded["train"].column_names == ["anchor", "positive", "negative"]


def test_lint_reads_it_with_its_ids(finished):
    write(finished)
    report = negmine.lint(finished / "5-write" / query_lists.NAME)
    assert {file["shape"] for file in report["files"]} == {"FlagEmbedding"}
    assert all(file["provenance"] for file in report["files"])
    assert report["totals"]["rows"] == len(rows(finished))
    assert report["totals"]["scores"] > 0


def test_the_report_says_what_a_row_is(finished):
    negmine.write(finished, format=query_lists.NAME)
    page = finished.parent / "report.html"
    negmine.report(finished, html=page, leak=False)
    assert "rows of query-lists: one per positive" in page.read_text(encoding="utf-8")
