"""--format is repeatable: each format has its files and its provenance; analyses follow the first."""

import json

import polars as pl
import pytest

import negmine
from negmine.stages.write.formats.registry import FORMATS
from tests.conftest import QUERIES, write_beir
from tests.test_cli import invoke

FLAGS = {"retriever": ["bm25"], "num_negatives": 2, "no_relative_margin": True, "no_risk": True}


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Return a work directory of four parts."""
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 2)
    data = write_beir(tmp_path / "beir", queries=QUERIES | {"q8": "the order of a list of lists"})
    return negmine.mine(tmp_path / "work", data=data, **FLAGS).work


def ids(work, folder):
    return pl.read_parquet(work / "5-write" / folder / "*.parquet")


def test_every_format_at_once_has_as_many_rows_as_its_provenance(work):
    result = negmine.write(work, format=list(FORMATS), teacher="bm25", instruction="Find")
    rows = result.summary["rows_by_format"]
    assert list(rows) == list(FORMATS)
    assert result.summary["format"] == "triplet"
    for name in FORMATS:
        folder = "provenance" if name == "triplet" else f"provenance-{name}"
        assert ids(work, folder).height == rows[name] > 0, name
    assert not [state for state in negmine.status(work) if state.state != "fresh"]


def test_the_command_line_takes_several(work):
    done = invoke(
        "write",
        work,
        "--format",
        "flagembedding",
        "--format",
        "beir",
        "--instruction",
        "Find",
        "--json",
    )
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)["data"]
    assert data["summary"]["rows_by_format"].keys() == {"flagembedding", "beir"}
    names = {file.partition("5-write/")[2].partition("/")[0] for file in data["files"]}
    assert names == {"flagembedding", "beir", "provenance", "provenance-beir", "short"}
    assert any(file.endswith("beir/qrels/train.tsv") for file in data["files"])
    again = json.loads(invoke("write", work, "--json").stdout)["data"]
    assert {one["outcome"] for one in again["artifacts"]} == {"fresh"}, "they are remembered"


def test_a_setting_remakes_the_formats_that_have_a_place_for_it(work):
    negmine.write(work, format=["triplet", "gritlm", "nemo"], instruction="Find")
    again = negmine.write(work, instruction="Look")
    made = {one["artifact"] for one in again.artifacts if one["outcome"] == "made"}
    assert made == {"5-write/gritlm", "5-write/nemo", "5-write"}


def test_files_of_a_format_are_read_again_where_one_is_damaged(work):
    negmine.write(work, format="beir")
    qrels = work / "5-write" / "beir" / "qrels" / "train.tsv"
    before = qrels.read_text()
    qrels.write_text(before.replace("\t1\n", "\t2\n", 1))
    negmine.write(work, format="beir")
    assert qrels.read_text() == before
    qrels.unlink()
    (state,) = [one for one in negmine.status(work) if one.artifact.name == "5-write/beir"]
    assert state.state == "partial"
    negmine.write(work)
    assert qrels.read_text() == before


def test_a_file_that_is_no_longer_wanted_is_removed(work):
    negmine.write(work, format="beir", instruction="Find")
    folder = work / "5-write" / "beir"
    assert (folder / "instructions.jsonl").exists()
    negmine.write(work, instruction="none")
    assert not (folder / "instructions.jsonl").exists()
    assert (folder / "qrels" / "train.tsv").exists()


@pytest.mark.parametrize("number", [1, 2, 2048])
def test_parts_of_any_size_give_the_same_files(tmp_path, monkeypatch, number):
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", number)
    options = {**FLAGS, "format": "colbert", "teacher": "bm25"}
    made = negmine.mine(tmp_path / "work", data=write_beir(tmp_path / "beir"), **options).work
    lines = (made / "5-write" / "colbert" / "triples.jsonl").read_text().splitlines()
    assert [json.loads(line)[0] for line in lines] == [0, 0, 1, 1, 2]


def test_each_query_may_have_its_own_instruction(tmp_path):
    data = write_beir(tmp_path / "beir")
    file = data / "queries.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows[1:]:
        row["task"] = f"Find {row['_id']}"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = {"format": "flagembedding", "instruction_column": "task", "instruction": "Find"}
    made = negmine.mine(tmp_path / "work", data=data, **FLAGS, **options).work
    files = sorted((made / "5-write" / "flagembedding").glob("*.jsonl"))
    written = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    wanted = {row["text"]: row.get("task", "Find") for row in rows}
    assert {row["query"]: row["prompt"] for row in written}.items() <= wanted.items()


def test_show_and_report_follow_the_first_format(work):
    negmine.write(work, format=["flagembedding", "triplet"])
    shown = negmine.show(work, queries=9)
    assert shown["format"] == "flagembedding"
    for example in shown["examples"]:
        assert example["positives"]
        assert example["negatives"]
        assert all(one["scores"] for one in example["negatives"])
    report = negmine.report(work, leak=False)
    assert report.totals.format == "flagembedding"
    negmine.write(work, format=["triplet", "flagembedding"])
    other = negmine.show(work, queries=9)
    assert [one["negatives"] for one in other["examples"]] == [
        one["negatives"] for one in shown["examples"]
    ]


def test_lint_finds_the_provenance_of_every_format(work):
    negmine.write(work, format=["triplet", "n-tuple", "flagembedding"], num_negatives=1)
    for name in ("triplet", "n-tuple", "flagembedding"):
        report = negmine.lint(work / "5-write" / name)
        assert all(file["provenance"] for file in report["files"]), name


@pytest.mark.filterwarnings("ignore")
def test_the_data_card_loads_what_lies_beside_the_rows(work, tmp_path):
    from datasets import load_dataset

    negmine.write(work, format=["ids", "colbert"], teacher="bm25")
    card = (work / "5-write" / "README.md").read_text()
    assert "`colbert` is in no configuration either" in card
    folder, cache = str(work / "5-write"), str(tmp_path / "cache")
    for name, columns in {
        "ids": ["query_id", "document_ids", "scores"],
        "ids-queries": ["query_id", "text"],
        "ids-documents": ["document_id", "text"],
    }.items():
        assert load_dataset(folder, name, split="train", cache_dir=cache).column_names == columns
