"""Datasets of the Hub by name: listed, pinned, fetched once, read offline."""

import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import constants

from negmine.config.addresses import Address
from negmine.errors import InputError
from negmine.storage.remote.remote import Remote

DATASET = "hf://datasets/mteb/tea"
HEAD = """---
configs:
- config_name: default
  data_files:
  - {split: train, path: qrels/train.jsonl}
  - {split: test, path: qrels/test.jsonl}
- config_name: corpus
  data_files:
  - {split: corpus, path: corpus/corpus-*}
- config_name: queries
  data_files: [{split: queries, path: queries.jsonl}]
---
# Tea
"""


def parquet(rows):
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


def mteb(**more):
    """The files of a dataset as MTEB has them."""
    documents = [{"_id": f"d{n}", "title": "", "text": f"text {n} of tea"} for n in range(6)]
    return {
        "README.md": HEAD.encode(),
        "corpus/corpus-00000-of-00002.parquet": parquet(documents[:3]),
        "corpus/corpus-00001-of-00002.parquet": parquet(documents[3:]),
        "queries.jsonl": b'{"_id": "q", "text": "tea"}\n',
        "qrels/train.jsonl": b'{"query-id": "q", "corpus-id": "d0", "score": 1}\n',
        "qrels/test.jsonl": b'{"query-id": "q", "corpus-id": "d4", "score": 1}\n',
        **more,
    }


def test_a_file_is_fetched_once_and_pinned(hub):
    commit = hub.publish("mteb/tea", mteb())
    address = Address(f"{DATASET}/queries.jsonl")
    remote = Remote()
    path = remote.local(address)
    assert path.read_bytes() == mteb()["queries.jsonl"]
    assert remote.described([address])[0]["revision"] == commit
    assert Remote().local(address) == path
    assert len(hub.gets(f"/datasets/mteb/tea/resolve/{commit}/queries.jsonl")) == 1


def test_a_large_file_has_the_fingerprint_of_the_same_file_here(hub):
    hub.publish("mteb/tea", mteb())
    name = "corpus/corpus-00000-of-00002.parquet"
    assert (
        Remote().version(Address(f"{DATASET}/{name}")) == hashlib.sha256(mteb()[name]).hexdigest()
    )


def test_a_new_commit_is_noticed_by_the_files_that_it_changes(hub):
    first = hub.publish("mteb/tea", mteb())
    queries, corpus = (Address(f"{DATASET}/{n}") for n in ("queries.jsonl", "qrels/train.jsonl"))
    before = Remote()
    old = [before.version(queries), before.version(corpus)]
    hub.publish("mteb/tea", mteb(**{"queries.jsonl": b'{"_id": "q", "text": "green tea"}\n'}))
    after = Remote()
    assert after.version(queries) != old[0]
    assert after.version(corpus) == old[1]
    pinned = Address(f"{DATASET}@{first}/queries.jsonl")
    assert Remote().version(pinned) == old[0]
    assert Remote().local(pinned).read_bytes() == mteb()["queries.jsonl"]


def test_offline_the_cache_is_read_and_the_rest_is_told(hub, monkeypatch):
    hub.publish("mteb/tea", mteb())
    queries = Address(f"{DATASET}/queries.jsonl")
    online = Remote()
    path, version = online.local(queries), online.version(queries)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.requests.clear()
    offline = Remote()
    assert (offline.local(queries), offline.version(queries)) == (path, version)
    with pytest.raises(
        InputError, match="not in the cache of this machine, and HF_HUB_OFFLINE is set"
    ):
        offline.local(Address(f"{DATASET}/qrels/train.jsonl"))
    with pytest.raises(
        InputError, match=r"HF_HUB_OFFLINE is set, and the dataset mteb/no is not in"
    ):
        offline.names(Address("hf://datasets/mteb/no"))
    assert hub.requests == []


def test_offline_a_snapshot_of_another_program_is_read(hub, tmp_path, monkeypatch):
    from huggingface_hub import hf_hub_download

    hub.publish("mteb/tea", mteb())
    names, version = (
        Remote().names(Address(DATASET)),
        Remote().version(Address(f"{DATASET}/queries.jsonl")),
    )
    commit = hub.commits["mteb/tea"]
    for name in mteb():
        hf_hub_download("mteb/tea", name, repo_type="dataset", revision=commit)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / "another"))
    offline = Remote()
    assert offline.names(Address(f"{DATASET}@{commit}")) == names
    assert offline.version(Address(f"{DATASET}@{commit}/queries.jsonl")) == version


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("hf://datasets/mteb/nothing/a.jsonl", "the Hub has no such dataset, or it is private"),
        ("hf://datasets/mteb/tea/a.jsonl", r"the dataset mteb/tea has no file a\.jsonl"),
        ("hf://mteb/tea/a.jsonl", "names no dataset. Say hf://datasets/OWNER/NAME"),
    ],
)
def test_what_is_missing_is_named(hub, address, message):
    hub.publish("mteb/tea", mteb())
    with pytest.raises(InputError, match=message):
        Remote().look(Address(address))


def test_a_hub_that_is_overloaded_is_asked_again_and_told(hub):
    hub.publish("mteb/tea", mteb())
    hub.status["/api/datasets/mteb/tea"] = 503
    message = r"Hub cannot be reached \(asking for the dataset mteb/tea, which is no path here, status 503"
    with pytest.raises(InputError, match=message):
        Remote().names(Address(DATASET))
    assert len(hub.gets("/api/datasets/mteb/tea")) == 4


def test_pairs_are_the_files_of_the_only_configuration(hub):
    files = {"pair/train-0.parquet": b"x", "pair/train-1.parquet": b"y", "README.md": b"# no head"}
    hub.publish("st/nq", files)
    names = [str(one) for one in Remote().files(Address("hf://datasets/st/nq"))]
    assert names == [f"hf://datasets/st/nq/pair/train-{n}.parquet" for n in (0, 1)]
    hub.publish("st/nli", files | {"triplet/train-0.parquet": b"z", "triplet/dev-0.parquet": b"z"})
    with pytest.raises(InputError, match="several tables") as told:
        Remote().files(Address("hf://datasets/st/nli"))
    assert "pair, train: hf://datasets/st/nli/pair/train-*" in str(told.value)
    assert "triplet, dev: hf://datasets/st/nli/triplet/dev-0.parquet" in str(told.value)
    assert len(Remote().files(Address("hf://datasets/st/nli/pair/train-*"))) == 2
    assert len(Remote().files(Address("hf://datasets/st/nli/pair"))) == 2
