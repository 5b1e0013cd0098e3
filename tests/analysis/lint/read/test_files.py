"""Files that cannot be read: one message with file, line and remedy."""

import gzip
import json
from pathlib import Path

import pytest

import negmine
from negmine.errors import InputError
from tests.analysis.lint.command import invoke
from tests.analysis.lint.writers import save


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
    ("name", "message"),
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
def test_files_that_cannot_be_read(tmp_path, name, message):
    bad_files(tmp_path)
    done = invoke(tmp_path / name)
    assert done.exit_code == 1
    assert message in done.stderr
    assert name in done.stderr
    assert done.stdout == ""
    assert isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("name", ["broken", "kind", "surrogate", "latin"])
def test_bad_rows_can_be_left_out_and_are_counted(tmp_path, name):
    bad_files(tmp_path)
    report = negmine.lint(tmp_path / f"{name}.jsonl", on_error="skip")
    assert report["totals"]["rows"] == 1
    assert report["notes"][0].endswith("1 row left out")


def test_a_work_directory_is_told_which_folder_to_name(tmp_path, beir):
    negmine.mine(tmp_path / "work", data=beir, retriever=["bm25"])
    negmine.mine(tmp_path / "work", data=beir, retriever=["bm25"], format="labeled-pair")
    for folder in (tmp_path / "work", tmp_path / "work/5-write"):
        done = invoke(folder)
        assert done.exit_code == 1
        message = "".join(done.stderr.split())
        folders = [f"{tmp_path}/work/5-write/{name}" for name in ("labeled-pair", "triplet")]
        assert f"Nameoneofthese:{','.join(folders)}." in message


def test_keys_in_an_address_are_refused_and_not_shown():
    with pytest.raises(InputError, match=r"s3://b/a\.parquet: keys do not belong in an address"):
        negmine.lint(Path("s3://key:secret@b/a.parquet"))
