"""Vectors with ids in the user's files: which columns, which types, and what is no vector."""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from negmine.data.sources.vector_columns import columns_of
from negmine.data.sources.vector_files import (
    columns_in,
    has_ids,
    read_vectors,
    vector_files,
    width_of,
)
from negmine.errors import InputError, MissingDependency

VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3) - 5
IDS = ["a", "b", "c", "d"]
KINDS = {
    "list of float16": pa.list_(pa.float16()),
    "list of float32": pa.list_(pa.float32()),
    "large list of float64": pa.large_list(pa.float64()),
    "fixed-size list of float32": pa.list_(pa.float32(), 3),
    "list of int8": pa.list_(pa.int8()),
}


def table(kind=None, ids=IDS, vectors=VECTORS, **columns):
    kind = pa.list_(pa.float32()) if kind is None else kind
    rows = vectors if isinstance(vectors, list) else list(vectors)
    if isinstance(vectors, np.ndarray) and kind.value_type == pa.float16():
        rows = list(vectors.astype(np.float16))
    return pa.table({"id": pa.array(ids), "embedding": pa.array(rows, kind), **columns})


def write(path, rows):
    """Write a table as the ending of a file says."""
    if path.suffix == ".parquet":
        pq.write_table(rows, path)
    elif path.suffix == ".stream":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
            writer.write_table(rows)
    return path


def read(path, kind="document", id_column=None, column=None):
    """Return all ids and vectors of a file."""
    columns = columns_in([path], kind, id_column, column)
    batches = list(read_vectors(path, columns))
    ids = [name for batch in batches for name in batch.ids.to_pylist()]
    return ids, np.concatenate([batch.vectors for batch in batches]).astype(np.float32)


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".feather", ".stream"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_type_of_list_is_read_from_every_kind_of_file(tmp_path, ending, kind):
    path = write(tmp_path / f"vectors{ending}", table(KINDS[kind]))
    assert has_ids(path)
    ids, vectors = read(path)
    assert ids == IDS
    assert np.array_equal(vectors, VECTORS)


def test_a_slice_of_a_longer_table_gives_its_own_rows(tmp_path):
    path = write(tmp_path / "v.arrow", table().slice(1, 2))
    assert read(path)[0] == ["b", "c"]
    assert np.array_equal(read(path)[1], VECTORS[1:3])


def test_many_rows_come_in_batches_in_the_order_of_the_file(tmp_path):
    vectors = np.random.default_rng(1).standard_normal((5000, 4)).astype(np.float32)
    ids = [f"d{n}" for n in range(5000)]
    path = write(tmp_path / "v.parquet", table(ids=ids, vectors=vectors))
    columns = columns_in([path], "document", None, None)
    sizes = [len(batch.ids) for batch in read_vectors(path, columns)]
    assert max(sizes) <= 1024
    assert sum(sizes) == 5000
    assert read(path)[0] == ids
    assert np.array_equal(read(path)[1], vectors)


def test_ids_that_are_numbers_become_strings(tmp_path):
    path = write(tmp_path / "v.parquet", table(ids=pa.array([3, 1, 2, 0], pa.uint64())))
    assert read(path)[0] == ["3", "1", "2", "0"]


SCHEMAS = {
    "Cohere": ({"_id": pa.string(), "title": pa.string(), "emb": KINDS["list of float32"]}, "emb"),
    "Qdrant": (
        {"_id": pa.string(), "text-embedding-3-large-1536-embedding": KINDS["list of float32"]},
        "text-embedding-3-large-1536-embedding",
    ),
    "LanceDB": ({"id": pa.int64(), "vector": pa.list_(pa.float32(), 8)}, "vector"),
    "one list only": ({"id": pa.string(), "numbers": KINDS["list of int8"]}, "numbers"),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_columns_are_taken_by_the_names_that_dumps_use(tmp_path, name):
    fields, vectors = SCHEMAS[name]
    assert columns_of(tmp_path, pa.schema(fields), "document", None, None).vectors == vectors


def test_documents_and_queries_of_one_file_have_ids_of_their_own(tmp_path):
    schema = pa.schema(
        {"query_id": pa.string(), "doc_id": pa.string(), "vector": KINDS["list of float32"]}
    )
    assert columns_of(tmp_path, schema, "document", None, None).ids == "doc_id"
    assert columns_of(tmp_path, schema, "query", None, None).ids == "query_id"


LISTS, STRING = KINDS["list of float32"], pa.string()
REFUSED = {
    "two vectors": (
        {"id": STRING, "emb": LISTS, "title_emb": LISTS}, (None, None),
        r"several columns that fit: emb, title_emb.*--vector-column",
    ),
    "two unknown lists": (
        {"id": STRING, "a": LISTS, "b": LISTS}, (None, None),
        r"several columns that fit: a, b",
    ),
    "two ids": (
        {"id": STRING, "_id": STRING, "emb": LISTS}, (None, None),
        r"several columns that fit: id, _id.*--vector-id-column",
    ),
    "no id": ({"name": STRING, "emb": LISTS}, (None, None), r"no column of ids.*name \(string\)"),
    "no vector": (
        {"id": STRING, "emb": pa.list_(pa.string())}, (None, None),
        r"no column of vectors",
    ),
    "not there": (
        {"id": STRING, "emb": LISTS}, (None, "embs"),
        r"--vector-column embs: .* no such column. Did you mean 'emb'",
    ),
    "other type": (
        {"id": STRING, "emb": pa.list_(pa.uint8())}, (None, "emb"),
        r"holds list<.*uint8>, and must hold",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_columns_that_do_not_fit_or_fit_twice_are_refused(tmp_path, name):
    fields, wanted, said = REFUSED[name]
    with pytest.raises(InputError, match=said):
        columns_of(tmp_path / "v.parquet", pa.schema(fields), "document", *wanted)


def test_a_flag_decides_between_columns(tmp_path):
    schema = pa.schema({"id": STRING, "url": STRING, "emb": LISTS, "title_emb": LISTS})
    assert columns_of(tmp_path, schema, "document", "url", "title_emb") == ("url", "title_emb")


FAULTS = {
    "no vector": ([*VECTORS[:2], None, VECTORS[3]], IDS, r"row 3: there is no vector \(1 such"),
    "no id": (list(VECTORS), ["a", None, None, "d"], r"row 2: there is no id in 'id' \(2 such"),
    "a gap": ([*VECTORS[:3], [1.0, None, 2.0]], IDS, r"row 4: a number of the vector is missing"),
    "other width": ([*VECTORS[:3], [1.0, 2.0]], IDS, r"row 4: the vector has 2 dimensions.* 3"),
    "nothing": ([[], *VECTORS[1:]], IDS, r"row 1: the vector has 0 dimensions"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_vector_is_told_with_file_and_row(tmp_path, name):
    rows, ids, said = FAULTS[name]
    path = write(
        tmp_path / "v.parquet", table(ids=ids, vectors=[r if r is None else list(r) for r in rows])
    )
    with pytest.raises(InputError, match=rf"v\.parquet, {said}"):
        read(path)


def test_a_folder_and_a_pattern_name_their_files_in_order(tmp_path):
    for name in ("b.parquet", "a.parquet", "c.arrow"):
        write(tmp_path / name, table())
    (tmp_path / "README.md").write_text("no vectors")
    assert [one.name for one in vector_files(tmp_path)] == ["a.parquet", "b.parquet", "c.arrow"]
    pattern = tmp_path / "*.parquet"
    assert has_ids(pattern)
    assert [one.name for one in vector_files(pattern)] == ["a.parquet", "b.parquet"]
    with pytest.raises(InputError, match=r"\*\.feather matches no file"):
        vector_files(tmp_path / "*.feather")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="has no file of vectors in it"):
        vector_files(tmp_path / "empty")


def test_without_its_package_a_lance_table_is_told_what_reads_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lance", None)
    (tmp_path / "docs.lance" / "_versions").mkdir(parents=True)
    (table,) = vector_files(tmp_path / "docs.lance")
    with pytest.raises(MissingDependency, match=r"pip install 'negmine\[lance\]'.*to_arrow"):
        columns_in([table], "document", None, None)
    with pytest.raises(InputError, match=r"is a LanceDB database.*tables: docs\.lance"):
        vector_files(tmp_path)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_a_file_that_is_cut_off_is_told(tmp_path, ending):
    path = write(tmp_path / f"v.{ending}", table())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="cannot be read as Parquet or Arrow"):
        read(path)


def test_files_of_one_folder_must_have_the_same_columns(tmp_path):
    first = write(tmp_path / "a.parquet", table())
    second = write(tmp_path / "b.parquet", table().rename_columns(["id", "vector"]))
    with pytest.raises(InputError, match=r"b\.parquet has ids in 'id' and vectors in 'vector'"):
        columns_in([first, second], "document", None, None)


def test_a_file_without_rows_has_no_width(tmp_path):
    path = write(tmp_path / "v.parquet", table().slice(0, 0))
    assert width_of(path, columns_in([path], "document", None, None)) == 0


@pytest.mark.parametrize("ending", ["parquet", "arrow", "stream"])
def test_a_flipped_byte_is_told_or_changes_numbers_alone(tmp_path, ending):
    path = write(tmp_path / f"v.{ending}", table())
    whole, rng = path.read_bytes(), np.random.default_rng(7)
    for place in rng.choice(len(whole), 120):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            ids, vectors = read(path)
        except InputError as error:
            assert path.name in str(error)
        else:
            assert len(ids) == len(vectors)
