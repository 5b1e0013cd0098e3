"""`negmine init` and the run after it."""

import json

import pytest

from tests.cli.conftest import answer, invoke
from tests.conftest import write_beir


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_beir(tmp_path / "data")


def test_mine_works_right_after_it():
    done = invoke("init", "data")
    assert done.exit_code == 0, done.output
    assert "negmine.toml is written. Next: negmine mine work --config negmine.toml" in done.output
    mined = invoke("mine", "work", "--config", "negmine.toml", "--retriever", "bm25")
    assert mined.exit_code == 0, mined.output


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_says_what_the_files_hold(width):
    shown = invoke("init", "data", "--qrels-split", "train", width=width).output
    for piece in ("corpus.jsonl", "24", "queries.jsonl", "8", "train.tsv", "9", "_id (doc_id)"):
        assert piece in shown
    assert max(map(len, shown.splitlines())) <= max(width, 75)


def test_a_file_that_exists_is_replaced_with_force_only(tmp_path):
    assert invoke("init", "data").exit_code == 0
    (tmp_path / "negmine.toml").write_text("mine")
    refused = invoke("init", "data")
    assert refused.exit_code == 2
    assert "negmine.toml exists. Give --force to replace it, or --out FILE" in refused.output
    assert (tmp_path / "negmine.toml").read_text() == "mine"
    assert invoke("init", "data", "--force").exit_code == 0
    assert "[index]" in (tmp_path / "negmine.toml").read_text()


def test_pairs_are_mined_by_the_columns_that_look_like_query_and_positive(tmp_path):
    rows = [
        {"question": f"what is number {n}", "answer": f"it is the number {n}"} for n in range(9)
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = answer("init", "pairs.jsonl")["settings"]
    assert (settings["query_column"], settings["positive_column"]) == ("question", "answer")
    mined = invoke("mine", "work", "--config", "negmine.toml", "--retriever", "bm25")
    assert mined.exit_code == 0, mined.output


def test_without_data_it_asks_for_it():
    done = invoke("init")
    assert done.exit_code == 2
    assert "Where is the data?" in done.output
