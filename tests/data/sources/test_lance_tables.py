"""Tables of Lance as vectors: only where the package pylance is installed, which is large."""

import json

import numpy as np
import pyarrow as pa
import pytest

import negmine
from negmine.data.sources.vector_files import columns_in, has_ids, read_vectors, vector_files
from negmine.errors import InputError
from negmine.storage.workdir import Workdir
from tests.conftest import write_beir, write_vectors

lance = pytest.importorskip(
    "lance", reason="pylance is not installed: pip install 'negmine[lance]'"
)


def table(ids, vectors, dtype=np.float32):
    values = np.ascontiguousarray(vectors, dtype)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
    return pa.table({"text": ["a text"] * len(ids), "id": list(ids), "vector": lists})


def read(path):
    (file,) = vector_files(path)
    rows = list(read_vectors(file, columns_in([file], "document", None, None)))
    ids = [one for some in rows for one in some.ids.to_pylist()]
    return dict(zip(ids, np.concatenate([some.vectors for some in rows]), strict=True)), rows


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_newest_version_is_read_without_rows_that_were_deleted(tmp_path, dtype):
    rng, path = np.random.default_rng(1), tmp_path / "docs.lance"
    vectors = rng.standard_normal((3000, 8)).astype(dtype)
    ids = [f"d{n}" for n in range(3000)]
    lance.write_dataset(table(ids[:2000], vectors[:2000], dtype), path)
    lance.write_dataset(table(ids[2000:], vectors[2000:], dtype), path, mode="append")
    lance.dataset(path).delete("id = 'd7'")
    found, rows = read(path)
    assert has_ids(path)
    assert [one.first for one in rows][:2] == [1, 1 + len(rows[0].ids)]
    assert set(found) == set(ids) - {"d7"}
    assert all(np.array_equal(found[name], vectors[int(name[1:])]) for name in found)


def test_a_run_with_a_table_has_the_rows_of_arrays_and_a_changed_table_is_noticed(tmp_path):
    data = write_beir(tmp_path / "beir")
    arrays = write_vectors(data)
    tables = {"retriever": ["dense"], "k": 4, "data": data}
    for name, file in (("document", "corpus"), ("query", "queries")):
        ids = [json.loads(row)["_id"] for row in (data / f"{file}.jsonl").read_text().splitlines()]
        order = np.random.default_rng(2).permutation(len(ids))
        rows = np.load(arrays[f"{name}_vectors"])[order]
        rows_wide = rows.shape[1]
        tables[f"{name}_vectors"] = tmp_path / f"{name}.lance"
        lance.write_dataset(table([ids[n] for n in order], rows), tables[f"{name}_vectors"])
    negmine.mine(tmp_path / "lance", **tables)
    negmine.mine(tmp_path / "npy", data=data, retriever=["dense"], k=4, **arrays)
    rows = [
        Workdir(tmp_path / work).scan("2-retrieve/dense-vectors").collect()
        for work in ("lance", "npy")
    ]
    assert rows[0].equals(rows[1])
    assert not _made(negmine.mine(tmp_path / "lance", **tables))
    one = np.ones((1, rows_wide))
    lance.write_dataset(table(["new"], one), tables["document_vectors"], mode="append")
    assert "1-index/dense-vectors" in _made(negmine.mine(tmp_path / "lance", **tables))


def _made(result):
    return {row["artifact"] for row in result.artifacts if row["outcome"] != "fresh"}


def test_a_folder_that_only_looks_like_a_table_is_refused(tmp_path):
    (tmp_path / "docs.lance" / "_versions").mkdir(parents=True)
    with pytest.raises(InputError, match=r"docs\.lance cannot be read as a LanceDB table"):
        read(tmp_path / "docs.lance")
