"""Vectors with ids in JSON lines, and columns within columns, as dumps of Qdrant have them."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from negmine.data.sources import vector_batches
from negmine.data.sources.vector_files import has_ids, vector_files
from negmine.errors import InputError
from tests.data.sources.test_vector_files import IDS, VECTORS, read

POINTS = [
    {"id": n, "vector": row.tolist(), "payload": {"doc_id": name, "text": "a text"}}
    for n, (name, row) in enumerate(zip(IDS, VECTORS, strict=True), 1)
]


def lines(path, rows):
    """Write rows as JSON lines."""
    raw = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    path.write_bytes(gzip.compress(raw.encode()) if path.suffix == ".gz" else raw.encode())
    return path


def parquet(path, rows):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        table = pa.Table.from_pylist(rows)
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    return path


def points(path, rows=POINTS):
    return (parquet if path.suffix in (".parquet", ".arrow") else lines)(path, rows)


@pytest.mark.parametrize(
    "name", ["v.jsonl", "v.jsonl.gz", "v.ndjson", "v.dump", "v.parquet", "v.arrow"]
)
def test_points_are_read_by_their_id_or_by_one_of_their_payload(tmp_path, name, monkeypatch):
    monkeypatch.setattr(vector_batches, "STEP", 3)
    path = points(tmp_path / name)
    assert has_ids(path)
    ids, vectors = read(path)
    assert ids == ["1", "2", "3", "4"]
    assert np.array_equal(vectors, VECTORS)
    ids, vectors = read(path, id_column="payload.doc_id")
    assert ids == IDS
    assert np.array_equal(vectors, VECTORS)


@pytest.mark.parametrize("name", ["v.jsonl", "v.parquet", "v.arrow"])
def test_a_named_vector_is_read_alone_or_by_its_name(tmp_path, name):
    one = [{"id": p["id"], "vector": {"dense": p["vector"]}} for p in POINTS]
    assert np.array_equal(read(points(tmp_path / name, one))[1], VECTORS)
    two = [{"id": p["id"], "vector": {"a": p["vector"], "b": [7.0, 8.5]}} for p in POINTS]
    path = points(tmp_path / f"two-{name}", two)
    with pytest.raises(InputError, match=r"several columns that fit: vector\.a, vector\.b"):
        read(path)
    assert np.array_equal(read(path, column="vector.b")[1], np.tile([[7.0, 8.5]], (4, 1)))
    with pytest.raises(InputError, match=r"no such column.*vector\.a"):
        read(path, column="vector.aa")


def test_whole_numbers_and_others_may_be_mixed_and_blank_lines_are_no_rows(tmp_path):
    rows = ['{"_id": "a", "emb": [1, 0, -1]}', "", '{"emb": [0.5, 2, 3], "_id": 7}']
    ids, vectors = read(lines(tmp_path / "v.jsonl", rows))
    assert ids == ["a", "7"]
    assert vectors.tolist() == [[1, 0, -1], [0.5, 2, 3]]


GOOD = '{"id": "a", "vector": [1.0, 2.0]}'
WRONG = {
    "no JSON": ("{oops", r"v\.jsonl, row 2: no JSON object"),
    "a list": ("[1]", r"row 2: no JSON object \(a list\): '\[1\]'"),
    "too deep": ('{"id": "b", "vector": ' + "[" * 100_000, "row 2: no JSON object .*too deep"),
    "a text": ('{"id": "b", "vector": [1.0, "x"]}', r"row 2: \[1\.0, 'x'\] is no list of numbers"),
    "a number": ('{"id": "b", "vector": 3}', "row 2: 3 is no list of numbers"),
    "no vector": ('{"id": "b"}', "row 2: there is no vector"),
    "no id": ('{"vector": [1.0, 2.0]}', "row 2: there is no id in 'id'"),
    "a null": ('{"id": "b", "vector": [null, 1]}', r"row 2: a number of the vector is missing"),
    "another width": (
        '{"id": "b", "vector": [1.0]}',
        "row 2: the vector has 1 dimensions, others have 2",
    ),
    "an id that is a fraction": (
        '{"id": 1.5, "vector": [1, 2]}',
        r"row 2: the id 1\.5 is no string",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_with_its_row(tmp_path, what):
    line, message = WRONG[what]
    path = lines(tmp_path / "v.jsonl", [GOOD, line])
    with pytest.raises(InputError, match=message) as told:
        read(path)
    assert len(str(told.value)) < 400


def test_files_without_a_row_or_cut_off_are_refused(tmp_path):
    with pytest.raises(InputError, match="has no row"):
        read(lines(tmp_path / "v.jsonl", []))
    path = lines(tmp_path / "v.jsonl.gz", [json.dumps(p) for p in POINTS] * 50)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="gzip stream ends early"):
        read(path)


def test_json_lines_of_a_folder_count_where_it_has_no_other_files(tmp_path):
    lines(tmp_path / "b.jsonl", [GOOD])
    lines(tmp_path / "a.jsonl.gz", [GOOD])
    assert [one.name for one in vector_files(tmp_path)] == ["a.jsonl.gz", "b.jsonl"]
    parquet(tmp_path / "c.parquet", POINTS)
    assert [one.name for one in vector_files(tmp_path)] == ["c.parquet"]
