"""Bad files: one clear message with file, line, value and remedy; or skipped and counted."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import negmine
from negmine.errors import InputError, SettingsError
from negmine.storage.workdir import Workdir
from tests.conftest import write_beir
from tests.data.sources.test_formats import read

GOOD = b'{"_id": "a", "text": "tea"}\n'
CUT = gzip.compress(
    GOOD * 1 + b"".join(b'{"_id": "%d", "text": "x%d"}\n' % (n, n) for n in range(999))
)[:-20]

FAULTS = {
    "invalid json": (GOOD + b"\n" + b'{"_id": "b", "text": \n', "line 3: invalid JSON", True),
    "no object": (GOOD + b"[1, 2]\n", "line 2: invalid JSON: a JSON list, not an object", True),
    "not utf-8": (GOOD + b'{"_id": "b", "text": "caf\xe9"}\n', "line 2: byte 26 (0xe9) is not UTF-8", True),
    "duplicate id": (GOOD + GOOD, 'line 2: doc_id "a" stands in line 1 already', True),
    "empty id": (GOOD + b'{"_id": "", "text": "x"}\n', "line 2: doc_id is empty", True),
    "null id": (GOOD + b'{"_id": null, "text": "x"}\n', "line 2: doc_id is empty", True),
    "empty text": (GOOD + b'{"_id": "b", "text": " "}\n', 'line 2: doc_id "b": the text is empty', True),
    "text is a list": (GOOD + b'{"_id": "b", "text": ["x"]}\n', "this is a list", True),
    "surrogate": (GOOD + b'{"_id": "b", "text": "x\\ud800"}\n', "lone surrogate at character 2", True),
    "null byte": (GOOD + b'{"_id": "b", "text": "x\\u0000"}\n', "null byte", True),
    "no id column": (b'{"name": "a", "text": "tea"}\n', "no column for the doc id. It has: name, text", False),
    "no text column": (b'{"_id": "a", "note": "tea"}\n', "no column for the document text", False),
    "utf-16": ("_id\ttext\n".encode("utf-16"), "is UTF-16, not UTF-8. Convert it: iconv", False),
    "empty": (b"", "there are no documents in it", False),
    "only blank lines": (b"\n \n", "there are no documents in it", False),
    "cut gzip": (CUT, "the gzip stream ends early or is damaged", False),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_file_line_and_value(tmp_path, name):
    data, said, _ = FAULTS[name]
    with pytest.raises(InputError) as told:
        read(tmp_path / "corpus.jsonl", data)
    assert said in str(told.value)
    assert str(tmp_path / "corpus.jsonl") in str(told.value)


@pytest.mark.parametrize("name", FAULTS)
def test_skipping_counts_what_is_safe_to_skip_and_refuses_the_rest(tmp_path, name):
    data, said, safe = FAULTS[name]
    if safe:
        rows, problems = read(tmp_path / "corpus.jsonl", data, on_error="skip")
        assert [row["doc_id"] for row in rows] == ["a"]
        assert sum(problems.skipped.values()) == 1
    else:
        with pytest.raises(InputError) as told:
            read(tmp_path / "corpus.jsonl", data, on_error="skip")
        assert said in str(told.value)


def test_csv_rows_of_another_width_are_told(tmp_path):
    data = b"_id,text\na,tea\nb,one,two\nc\nd,water\n"
    with pytest.raises(InputError, match=r"line 3: 3 fields where the header has 2") as told:
        read(tmp_path / "corpus.csv", data)
    assert "line 4: 1 fields" in str(told.value)
    rows, problems = read(tmp_path / "corpus.csv", data, on_error="skip")
    assert [(row["doc_id"], row["source_row"]) for row in rows] == [("a", 0), ("d", 3)]
    assert problems.skipped == {"corpus.csv: wrong number of fields": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            b'_id,text\na,"tea\nb,water\nc,milk\n',
            "line 2: a quote that is opened here is never closed",
        ),
        (b'_id,text\na,tea\nb,"water\nc,"milk"\n', "line 3: the quotes of this row cannot be read"),
    ],
)
@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_a_quote_that_swallows_rows_is_an_error(tmp_path, text, message, on_error):
    with pytest.raises(InputError) as error:
        read(tmp_path / "corpus.csv", text, on_error=on_error)
    assert message in str(error.value)


@pytest.mark.parametrize("value", [{"a": 1}, ["a"]])
def test_an_id_is_a_text_or_a_number(tmp_path, value):
    lines = [{"_id": value, "text": "tea"}, {"_id": "b", "text": "water"}]
    data = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    with pytest.raises(InputError, match=r"line 1: doc_id .*: an id is wanted, this is a"):
        read(tmp_path / "corpus.jsonl", data)


def test_a_line_number_in_csv_counts_lines_not_rows(tmp_path):
    data = b'_id,text\na,"one\ntwo"\nb,\n'
    with pytest.raises(InputError, match='line 4: doc_id "b"'):
        read(tmp_path / "corpus.csv", data)


def test_broken_parquet_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read(tmp_path / "corpus.parquet", b"PAR1 no PAR1")


def test_a_null_text_in_parquet_is_told_by_its_row(tmp_path):
    pq.write_table(pa.table({"_id": [1, 2], "text": ["tea", None]}), tmp_path / "corpus.parquet")
    with pytest.raises(InputError, match=r'row 2: doc_id "2": the text is empty'):
        read(tmp_path / "corpus.parquet")


def test_an_unknown_ending_lists_the_known_ones(tmp_path):
    with pytest.raises(InputError, match=r"what format is this\? Known endings: \.jsonl"):
        read(tmp_path / "corpus.xlsx", b"x")


def test_gz_that_is_none_is_told(tmp_path):
    with pytest.raises(InputError, match="is not gzipped, though its name says so"):
        read(tmp_path / "corpus.jsonl.gz", GOOD)


def test_five_problems_are_shown_and_the_rest_counted(tmp_path):
    data = GOOD + b"".join(b'{"_id": "%d", "text": ""}\n' % n for n in range(12))
    with pytest.raises(InputError) as told:
        read(tmp_path / "corpus.jsonl", data)
    lines = str(told.value).splitlines()
    assert len(lines) == 7
    assert lines[5] == "... and 7 more."
    assert lines[6] == "To leave such rows out and count them: --on-error skip"
    assert sum("Give it a text" in line for line in lines) == 1  # the remedy once, not five times


def test_nothing_is_half_written(tmp_path):
    data = write_beir(tmp_path / "beir")
    with (data / "corpus.jsonl").open("a") as stream:
        stream.write("{broken\n")
    with pytest.raises(InputError, match="line 25: invalid JSON"):
        negmine.mine(tmp_path / "work", data=data, retriever=["bm25"])
    found = {path.parent.name for path in (tmp_path / "work").rglob("*.parquet")}
    assert found == {"queries"}  # whole, and of no use to anybody without the corpus
    assert not list((tmp_path / "work").rglob(".partial"))
    result = negmine.mine(tmp_path / "work", data=data, retriever=["bm25"], on_error="skip")
    stats = Workdir(result.work).require("1-index/corpus").stats
    assert stats["skipped"] == {"corpus.jsonl: invalid JSON": 1}


def test_vectors_stay_beside_their_rows_when_rows_are_skipped(tmp_path):
    """Skipped rows count in the row order of given vectors."""
    import numpy as np

    (tmp_path / "c.jsonl").write_bytes(GOOD + b"{broken\n" + b'{"_id": "c", "text": "water"}\n')
    (tmp_path / "q.jsonl").write_bytes(b'{"_id": "q", "text": "hot water"}\n')
    (tmp_path / "r.tsv").write_bytes(b"query-id\tcorpus-id\tscore\nq\ta\t1\n")
    np.save(tmp_path / "d.npy", np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32))
    np.save(tmp_path / "q.npy", np.array([[1, 0]], np.float32))
    result = negmine.mine(
        tmp_path / "work",
        corpus=tmp_path / "c.jsonl",
        queries=tmp_path / "q.jsonl",
        qrels=tmp_path / "r.tsv",
        retriever=["dense"],
        document_vectors=tmp_path / "d.npy",
        query_vectors=tmp_path / "q.npy",
        on_error="skip",
    )
    found = Workdir(result.work).scan("2-retrieve/candidates").collect()
    assert dict(found.select("doc_id", "dense_score").rows())["c"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({}, "Where is the data"),
        ({"corpus": "c.jsonl"}, "--queries and --qrels is missing"),
        ({"data": "d", "pairs": "p.jsonl"}, "in one way"),
        ({"pairs": "p.jsonl", "qrels": "r.tsv"}, "--pairs needs no --qrels"),
        ({"pairs": "p.jsonl", "qrels_split": "dev"}, "--qrels-split chooses a split of --data"),
    ],
)
def test_flags_that_do_not_say_where_the_data_is(tmp_path, flags, said):
    with pytest.raises(SettingsError, match=said):
        negmine.mine(tmp_path / "work", retriever=["bm25"], **flags)


def test_files_that_are_not_there_are_all_told(tmp_path):
    files = {name: tmp_path / f"{name}.jsonl" for name in ("corpus", "queries", "qrels")}
    files["queries"].mkdir()
    with pytest.raises(InputError) as told:
        negmine.mine(tmp_path / "work", **files)
    lines = str(told.value).splitlines()
    assert lines[0].endswith("corpus.jsonl does not exist. Check the path.")
    assert lines[1].endswith("queries.jsonl is a folder. Name a file.")
    assert lines[2].endswith("qrels.jsonl does not exist. Check the path.")


def test_qrels_of_three_columns_are_told_what_trec_has(tmp_path):
    data = write_beir(tmp_path / "beir")
    (tmp_path / "t.qrels").write_text("q1 0 tea-1\n")
    files = {name: data / f"{name}.jsonl" for name in ("corpus", "queries")}
    with pytest.raises(InputError, match="3 fields; TREC qrels have four: query 0 document"):
        negmine.mine(tmp_path / "w", qrels=tmp_path / "t.qrels", retriever=["bm25"], **files)


def test_a_file_that_is_no_array_is_told_without_numpys_advice(tmp_path):
    data = write_beir(tmp_path / "beir")
    (tmp_path / "q.npy").write_text("x")
    both = {"query_vectors": tmp_path / "q.npy", "document_vectors": tmp_path / "q.npy"}
    with pytest.raises(InputError, match=r"is no \.npy array of numbers") as told:
        negmine.mine(tmp_path / "w", data=data, **both)
    assert "pickle" not in str(told.value)


@pytest.mark.parametrize("name", ["_id", "text", "title", "url"])
def test_a_lone_surrogate_is_told_wherever_it_stands(tmp_path, name):
    rows = [
        {"_id": "a", "text": "x", "title": "y", "url": "z"},
        {"_id": "b", "text": "x", "title": "y", "url": "z"},
    ]
    rows[1][name] = "no\ud800"
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    with pytest.raises(InputError, match=r"line 2: doc_id .*lone surrogate at character 3"):
        read(tmp_path / "corpus.jsonl", data)


def test_a_folder_in_the_place_of_a_file_names_the_pattern(tmp_path, beir):
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "a.jsonl").write_text((beir / "corpus.jsonl").read_text())
    given = {"queries": beir / "queries.jsonl", "qrels": beir / "qrels/train.tsv"}
    with pytest.raises(InputError) as told:
        negmine.index(tmp_path / "w", corpus=folder, retriever=["bm25"], **given)
    pattern = str(told.value).split("by a pattern: ")[1].strip("'.")
    assert pattern == f"{folder}/*.jsonl"
    negmine.index(tmp_path / "w", corpus=pattern, retriever=["bm25"], **given)
