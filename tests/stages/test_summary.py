"""The summary: only what is fresh, and everything that was left out, every time."""

import json

import pytest

import negmine
from negmine.errors import InputError
from tests.conftest import DOCUMENTS, write_beir


def test_skipped_rows_and_copies_are_told_on_every_run(tmp_path):
    data = write_beir(tmp_path / "beir")
    with (data / "corpus.jsonl").open("ab") as stream:
        stream.write(b'{"_id": "x", "text": "caf\xe9"}\n{broken\n')
    flags = {"data": data, "retriever": ["bm25"], "on_error": "skip"}
    first = negmine.mine(tmp_path / "w", **flags).summary
    assert first["skipped"] == {"corpus.jsonl: not UTF-8": 1, "corpus.jsonl: invalid JSON": 1}
    assert (first["document_copies"], first["query_copies"]) == (1, 1)
    assert negmine.mine(tmp_path / "w", **flags).summary == first
    assert negmine.filter(tmp_path / "w").summary == first


def test_a_row_that_two_tables_skip_is_one_row(tmp_path):
    lines = [json.dumps({"anchor": f"q{n}", "positive": f"word{n} text"}) for n in range(4)]
    (tmp_path / "pairs.jsonl").write_text("\n".join([*lines, "{broken", ""]))
    flags = {"pairs": tmp_path / "pairs.jsonl", "retriever": ["bm25"], "on_error": "skip"}
    result = negmine.mine(tmp_path / "w", **flags)
    assert result.summary["skipped"] == {"pairs.jsonl: invalid JSON": 1}


def test_the_console_shows_what_was_left_out(tmp_path):
    from typer.testing import CliRunner

    from negmine.cli.app import app

    data = write_beir(tmp_path / "beir")
    with (data / "corpus.jsonl").open("a") as stream:
        stream.write("{broken\n")
    command = ["mine", str(tmp_path / "w"), "--data", str(data), "--retriever", "bm25"]
    command += ["--on-error", "skip"]
    assert "corpus.jsonl: invalid JSON: 1 row skipped" in CliRunner().invoke(app, command).stderr
    again = CliRunner().invoke(app, command).stdout
    assert "rows skipped" in again
    assert "corpus.jsonl: invalid JSON" in again
    assert "document copies" in again


def test_counts_of_stale_training_files_are_not_shown(tmp_path, beir):
    negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"])
    filtered = negmine.filter(tmp_path / "w", max_score=0.5)
    assert filtered.summary["kept"] >= 0
    assert "rows_written" not in filtered.summary
    assert "queries_short" not in filtered.summary
    assert "rows_written" in negmine.write(tmp_path / "w").summary
    write_beir(beir, DOCUMENTS | {"new": ("", "Something else about green tea.")})
    indexed = negmine.index(tmp_path / "w").summary
    assert "candidates" not in indexed
    assert indexed["queries_mined"] > 0


def test_the_hint_to_skip_is_given_once(tmp_path):
    data = write_beir(tmp_path / "beir")
    for name in ("corpus.jsonl", "queries.jsonl"):
        with (data / name).open("a") as stream:
            stream.write("{broken\n")
    with pytest.raises(InputError) as told:
        negmine.mine(tmp_path / "w", data=data, retriever=["bm25"])
    lines = str(told.value).splitlines()
    assert [line for line in lines if "--on-error" in line] == lines[-1:]
    assert "corpus.jsonl, line 25" in lines[0]
    assert "queries.jsonl, line 9" in lines[1]
