"""Vectors joined by id: rows in any order, in any number of files, give what rows in order give."""

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import negmine
from negmine.engine.progress import Notes
from negmine.errors import InputError, SettingsError
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, QUERIES, write_beir, write_vectors


def mine(work, data, **flags):
    return negmine.mine(work, data=data, **({"retriever": ["dense"], "device": "cpu"} | flags))


def index(work, data, **flags):
    return negmine.index(work, data=data, **({"retriever": ["dense"], "device": "cpu"} | flags))


def arrays(work):
    folder = work / "1-index" / "dense-vectors"
    names = ("documents", "queries", "document_keys", "query_keys")
    return {name: np.load(folder / f"{name}.npy") for name in names}


def stats(work):
    return Workdir(work).require("1-index/dense-vectors").stats


def dump(path, ids, vectors, kind=None, names=("_id", "emb")):
    """Write a Parquet or Arrow file of vectors with ids."""
    lists = pa.array(list(vectors), kind or pa.list_(pa.float32()))
    table = pa.table({names[0]: list(ids), names[1]: lists})
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=5)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    return path


@pytest.fixture
def data(tmp_path):
    return write_beir(tmp_path / "beir")


@pytest.fixture
def rows(data):
    """The vectors of the tiny collection, as arrays."""
    return {name: np.load(path) for name, path in write_vectors(data).items()}


@pytest.fixture
def in_order(tmp_path, data, rows):
    """Arrays of a work directory made from .npy files in row order."""
    index(tmp_path / "in-order", data, **write_vectors(data))
    return arrays(tmp_path / "in-order")


def shuffled(ids, vectors, seed=1):
    order = np.random.default_rng(seed).permutation(len(ids))
    return [list(ids)[place] for place in order], vectors[order]


def test_shuffled_rows_give_the_same_vectors_as_rows_in_order(tmp_path, data, rows, in_order):
    documents = dump(tmp_path / "d.parquet", *shuffled(DOCUMENTS, rows["document_vectors"]))
    queries = dump(tmp_path / "q.arrow", *shuffled(QUERIES, rows["query_vectors"]))
    mine(tmp_path / "work", data, document_vectors=documents, query_vectors=queries)
    for name, array in arrays(tmp_path / "work").items():
        assert np.array_equal(array, in_order[name]), name
    made = stats(tmp_path / "work")
    assert made["document_vectors"] == {"files": 1, "rows": 24, "extra": 1, "repeated": 0}
    assert (made["similarity"], made["normalised"]) == ("cosine", True)
    assert made["norms"] == {"document": [1.0, 1.0], "query": [1.0, 1.0]}


def test_several_files_of_a_folder_and_an_array_go_together(tmp_path, data, rows, in_order):
    ids, vectors = shuffled(DOCUMENTS, rows["document_vectors"])
    (tmp_path / "parts").mkdir()
    dump(tmp_path / "parts" / "0.parquet", ids[:7], vectors[:7])
    dump(tmp_path / "parts" / "1.arrow", ids[7:], vectors[7:])
    flags = {"document_vectors": tmp_path / "parts", "query_vectors": data / "queries.npy"}
    index(tmp_path / "work", data, **flags)
    assert np.array_equal(arrays(tmp_path / "work")["documents"], in_order["documents"])
    assert stats(tmp_path / "work")["document_vectors"]["files"] == 2
    before = Workdir(tmp_path / "work").require("1-index/dense-vectors").identity
    dump(tmp_path / "parts" / "1.arrow", ids[7:], -vectors[7:])
    index(tmp_path / "work", data, **flags)
    assert Workdir(tmp_path / "work").require("1-index/dense-vectors").identity != before


def test_int8_and_half_precision_become_unit_vectors(tmp_path, data, rows):
    whole = np.rint(rows["document_vectors"] * 127).astype(np.int8)
    documents = dump(tmp_path / "d.parquet", DOCUMENTS, whole, pa.list_(pa.int8()))
    half = pa.list_(pa.float16(), 32)
    queries = dump(tmp_path / "q.parquet", QUERIES, rows["query_vectors"].astype(np.float16), half)
    index(tmp_path / "work", data, document_vectors=documents, query_vectors=queries)
    made = arrays(tmp_path / "work")
    assert np.linalg.norm(made["documents"], axis=1) == pytest.approx(1, abs=1e-6)
    is_copy = np.array([name == "tea-2" for name in DOCUMENTS])
    expected = whole[~is_copy] / np.linalg.norm(whole[~is_copy].astype(float), axis=1)[:, None]
    assert made["documents"] == pytest.approx(expected, abs=1e-6)
    least, most = stats(tmp_path / "work")["norms"]["document"]
    assert 120 < least <= most < 135


def test_rows_that_nobody_needs_are_counted_and_said(tmp_path, data, rows):
    ids = [*DOCUMENTS, "x-1", "x-2", "tea-1"]
    vectors = np.concatenate([rows["document_vectors"], rows["document_vectors"][[0, 1, 0]]])
    documents = dump(tmp_path / "d.parquet", ids, vectors)
    progress = Notes()
    flags = {"document_vectors": documents, "query_vectors": data / "queries.npy"}
    mine(tmp_path / "work", data, **flags, progress=progress)
    counts = stats(tmp_path / "work")["document_vectors"]
    assert counts == {"files": 1, "rows": 27, "extra": 3, "repeated": 1}  # tea-2 copies tea-1
    said = "\n".join(progress.messages)
    assert "3 of 27 vectors are not used" in said
    assert "1 rows repeat an id, with the same vector" in said


SPOILED = {
    "missing": (
        lambda ids, rows: (ids[6:], rows[6:]),
        r"has no vector for 5 of 23 ids: 'tea-1', 'tea-3', 'tea-4', 'tea-5', 'tea-6'\. Its ids are",
    ),
    "many missing": (
        lambda ids, rows: ([f"doc{n}" for n in range(24)], rows),
        r"no vector for 23 of 23 ids: .* and 18 more\. Its ids are such as 'doc0'.*--vector-id-column",
    ),
    "twice, unequal": (
        lambda ids, rows: ([*ids, ids[3]], np.concatenate([rows, rows[:1]])),
        r"row 25: the id 'tea-4' was there before with another vector \(1 such",
    ),
    "not a number": (
        lambda ids, rows: (ids, np.where(np.arange(24)[:, None] == 3, np.nan, rows)),
        r"d\.parquet, row 4 \(1 such rows\): it is zero or not finite",
    ),
    "zero": (
        lambda ids, rows: (ids, np.where(np.arange(24)[:, None] == 7, 0, rows)),
        r"d\.parquet, row 8 \(1 such rows\)",
    ),
    "other width": (
        lambda ids, rows: (ids, rows[:, :-1]),
        r"have 31 dimensions, --query-vectors .* 32",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_vectors_that_do_not_fit_are_told(tmp_path, data, rows, name):
    spoil, said = SPOILED[name]
    ids, vectors = spoil(list(DOCUMENTS), rows["document_vectors"])
    flags = {
        "document_vectors": dump(tmp_path / "d.parquet", ids, vectors),
        "query_vectors": data / "queries.npy",
    }
    with pytest.raises(InputError, match=said):
        index(tmp_path / "work", data, **flags)


def test_the_flags_name_columns_and_need_vectors(tmp_path, data, rows):
    odd = ("url", "title_emb")
    documents = dump(tmp_path / "d.parquet", DOCUMENTS, rows["document_vectors"], names=odd)
    queries = dump(tmp_path / "q.parquet", QUERIES, rows["query_vectors"], names=odd)
    both = {"document_vectors": documents, "query_vectors": queries}
    with pytest.raises(InputError, match=r"no column of ids.*--vector-id-column"):
        index(tmp_path / "work", data, **both)
    index(tmp_path / "work", data, **both, vector_id_column="url", vector_column="title_emb")
    with pytest.raises(
        SettingsError, match=r"--vector-column: nothing reads it.*--document-vectors"
    ):
        index(tmp_path / "other", data, vector_column="emb")


def test_half_precision_on_disk_is_half_precision(tmp_path, data, rows):
    documents = dump(tmp_path / "d.parquet", *shuffled(DOCUMENTS, rows["document_vectors"]))
    flags = {"query_vectors": data / "queries.npy", "vector_dtype": "float16"}
    index(tmp_path / "by-id", data, document_vectors=documents, **flags)
    index(tmp_path / "by-row", data, document_vectors=data / "documents.npy", **flags)
    for name, array in arrays(tmp_path / "by-id").items():
        assert np.array_equal(array, arrays(tmp_path / "by-row")[name]), name


def test_an_estimate_reads_the_width(tmp_path, data, rows):
    documents = dump(tmp_path / "d.parquet", DOCUMENTS, rows["document_vectors"])
    from negmine.stages.estimate import estimate
    from negmine.stages.opening import open_context

    flags = {"document_vectors": documents, "query_vectors": data / "queries.npy"}
    context = open_context(tmp_path / "work", {"data": data, "retriever": ["dense"], **flags})
    made = {row["artifact"]: row for row in estimate(context)["artifacts"]}
    assert made["1-index/dense-vectors"]["megabytes"] == pytest.approx(
        (24 + 8) * 32 * 4 / 1e6, abs=0.1
    )
    assert pl.DataFrame(list(made.values())).height > 3
