"""Vectors at addresses: the rows of the same files here, fetched once, noticed as changed, never torn."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import negmine
from negmine.errors import InputError, NotTrusted, SettingsError
from negmine.stages.estimate import estimate
from negmine.stages.opening import context_to_mine
from negmine.storage.trust import Trust
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, QUERIES, write_beir, write_vectors
from tests.storage.remote.test_commands import states

ARRAYS = ("documents", "queries", "document_keys", "query_keys")
MADE = "1-index/dense-vectors"


def dump(ids, vectors, name="doc_id"):
    """Return the bytes of a Parquet file of vectors with ids."""
    table = pa.table({name: list(ids), "emb": pa.array(list(vectors), pa.list_(pa.float32()))})
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """A folder of data with vectors in row order, these vectors, and the arrays that come of them."""
    folder = write_beir(tmp_path_factory.mktemp("beir"))
    flags = write_vectors(folder)
    rows = {name: np.load(path) for name, path in flags.items()}
    work = tmp_path_factory.mktemp("here") / "work"
    negmine.index(work, data=folder, retriever=["dense"], device="cpu", **flags)
    return folder, rows, arrays(work)


def arrays(work):
    return {name: np.load(work / MADE / f"{name}.npy") for name in ARRAYS}


def index(work, data, **flags):
    return negmine.index(work, data=data, retriever=["dense"], device="cpu", **flags)


def objects(rows):
    """Return the files of a dump by name: documents in two parts, shuffled, and queries."""
    order = np.random.default_rng(1).permutation(len(DOCUMENTS))
    ids, vectors = [list(DOCUMENTS)[place] for place in order], rows["document_vectors"][order]
    return {
        "part-0.parquet": dump(ids[:7], vectors[:7]),
        "part-1.parquet": dump(ids[7:], vectors[7:]),
        "q.parquet": dump(QUERIES, rows["query_vectors"], "query_id"),
    }


THERE = {
    "document_vectors": "s3://texts/v/part-*.parquet",
    "query_vectors": "s3://texts/v/q.parquet",
}


def put(s3, files):
    for name, data in files.items():
        s3.put_object(Bucket="texts", Key=f"v/{name}", Body=data)


def test_shuffled_parts_on_s3_give_what_arrays_here_give(s3, tmp_path, collection):
    data, rows, here = collection
    put(s3, objects(rows))
    work = tmp_path / "work"
    index(work, data, **THERE)
    for name, array in arrays(work).items():
        assert np.array_equal(array, here[name]), name
    stats = Workdir(work).require(MADE).stats
    assert stats["document_vectors"]["files"] == 2
    assert [one["address"] for one in stats["remote"]] == [
        "s3://texts/v/q.parquet",
        "s3://texts/v/part-0.parquet",
        "s3://texts/v/part-1.parquet",
    ]
    assert all(one["version"].startswith("etag ") for one in stats["remote"])
    remembered = json.loads((work / "settings.json").read_text())["index"]
    assert remembered["document_vectors"] == THERE["document_vectors"]
    index(work, data)
    assert states(work)[MADE].state == "fresh"


def test_a_changed_object_makes_the_vectors_stale_and_status_fetches_none(
    s3, tmp_path, collection, cache
):
    data, rows, _ = collection
    put(s3, objects(rows))
    work = tmp_path / "work"
    index(work, data, **THERE)
    before = sorted(cache.rglob("*.parquet"))
    assert len(before) == 3
    put(s3, {"part-1.parquet": objects(rows)["part-1.parquet"]})  # the same bytes again
    assert states(work)[MADE].state == "fresh"
    changed = {**rows, "document_vectors": -rows["document_vectors"]}
    put(s3, {"part-1.parquet": objects(changed)["part-1.parquet"]})
    assert (states(work)[MADE].state, states(work)[MADE].why) == ("stale", "vectors changed")
    assert sorted(cache.rglob("*.parquet")) == before
    index(work, data)
    assert len(list(cache.rglob("*.parquet"))) == 4
    s3.delete_object(Bucket="texts", Key="v/q.parquet")
    assert "not compared with its source: s3://texts/v/q.parquet" in states(work)[MADE].why


def test_arrays_of_the_web_are_fetched_once_and_a_torn_one_never_counts(
    web, tmp_path, collection, cache
):
    data, rows, here = collection
    for name in rows:
        web.put(f"/{name}.npy", npy(rows[name]))
    secret = "?X-Amz-Signature=0123456789abcdef0123456789abcdef"
    there = {name: f"{web.url}/{name}.npy{secret}" for name in rows}
    web.is_short = True
    with pytest.raises(InputError, match=r"query_vectors\.npy cannot be read"):
        index(tmp_path / "torn", data, **there)
    assert not list(cache.rglob("*.npy"))
    web.is_short = False
    web.cut = 2
    web.requests.clear()
    for work in ("a", "b"):
        index(tmp_path / work, data, **there)
        assert np.array_equal(arrays(tmp_path / work)["documents"], here["documents"])
    assert sum(len(web.gets(f"/{name}.npy")) for name in rows) == 2 + 2  # two were cut
    kept = [one.read_bytes() for one in (tmp_path / "a").rglob("*") if one.is_file()]
    assert not [one for one in kept if b"0123456789abcdef" in one]


def test_a_dry_run_fetches_one_file_of_each_to_see_the_width(s3, tmp_path, collection, cache):
    data, rows, _ = collection
    put(s3, objects(rows))
    flags = {"data": data, "retriever": ["dense"], **THERE}
    costs = estimate(context_to_mine(tmp_path / "work", flags, None, None, None))
    (made,) = [row for row in costs["artifacts"] if row["artifact"] == MADE]
    texts = len(DOCUMENTS) + len(QUERIES)
    assert made["megabytes"] == round(texts * rows["query_vectors"].shape[1] * 4 / 1e6, 1)
    assert {one.name for one in cache.rglob("*.parquet")} == {"part-0.parquet", "q.parquet"}


WRONG = {
    "no such object": (
        {"document_vectors": "s3://texts/v/nothing.parquet"},
        r"s3://texts/v/nothing\.parquet cannot be read",
    ),
    "no such pattern": (
        {"document_vectors": "s3://texts/v/x-*.parquet"},
        r"s3://texts/v/x-\*\.parquet: no file has such a name",
    ),
    "missing ids": (
        {"document_vectors": "s3://texts/v/part-0.parquet"},
        r"--document-vectors s3://texts/v/part-0\.parquet has no vector for \d+ of 23 ids",
    ),
    "not an array": (
        {"document_vectors": "s3://texts/v/text.npy"},
        r"s3://texts/v/text\.npy is no \.npy array",
    ),
    "no Parquet": (
        {"document_vectors": "s3://texts/v/text.parquet"},
        r"s3://texts/v/text\.parquet cannot be read as Parquet",
    ),
    "LanceDB": ({"document_vectors": "s3://texts/v/docs.lance"}, "is a LanceDB table"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_at_its_address(s3, tmp_path, collection, what):
    data, rows, _ = collection
    put(s3, {**objects(rows), "text.npy": b"a text", "text.parquet": b"a text"})
    flags, message = WRONG[what]
    with pytest.raises(InputError, match=message) as told:
        index(tmp_path / "work", data, **{**THERE, **flags})
    assert "copies" not in str(told.value)


def test_keys_do_not_belong_in_an_address_of_vectors(tmp_path, collection):
    with pytest.raises(SettingsError, match="keys do not belong in an address"):
        index(
            tmp_path / "work", collection[0], **{**THERE, "query_vectors": "s3://a:b@texts/q.npy"}
        )


def test_vectors_that_a_received_directory_names_are_not_read(s3, tmp_path, collection, cache):
    data, rows, _ = collection
    put(s3, objects(rows))
    work = tmp_path / "work"
    index(work, data, **THERE)
    Trust(work).forget()
    with pytest.raises(
        NotTrusted, match=r"--document-vectors s3://texts/v/part-\*\.parquet \(address\)"
    ):
        index(work, data)
