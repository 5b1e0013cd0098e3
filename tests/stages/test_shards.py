"""`--shards` from the corpus to the training files: no table has another row."""

import json

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.config import memory
from negmine.storage.workdir import Workdir
from tests.stages.test_plan import made

DOCUMENTS, QUERIES = 200, 20


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A collection of 200 documents, of which many score alike, in parts of 40."""
    monkeypatch.setattr(memory, "PART_DOCUMENTS", 40)
    monkeypatch.setattr(memory, "LEAST_DOCUMENTS", 40)
    rng, folder = np.random.default_rng(0), tmp_path / "data"
    words = [f"w{number}" for number in range(20)]
    (folder / "qrels").mkdir(parents=True)
    texts = [" ".join(rng.choice(words, 3)) for _ in range(DOCUMENTS)]
    asked = [" ".join(rng.choice(words, 2)) for _ in range(QUERIES)]
    for name, lines in (("corpus", texts), ("queries", asked)):
        rows = (json.dumps({"_id": f"{name[0]}{n}", "text": text}) for n, text in enumerate(lines))
        (folder / f"{name}.jsonl").write_text("\n".join(rows))
    pairs = (f"q{query}\tc{rng.integers(DOCUMENTS)}\t1" for query in range(QUERIES))
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(pairs))
    np.save(folder / "d.npy", rng.integers(1, 3, (DOCUMENTS, 4)).astype(np.float32))
    np.save(folder / "q.npy", rng.standard_normal((QUERIES, 4)).astype(np.float32))
    return folder


def mine(work, data, **flags):
    vectors = {"document_vectors": data / "d.npy", "query_vectors": data / "q.npy"}
    return negmine.mine(work, data=data, k=15, **vectors, **flags)


def tables(work):
    return {
        str(path.relative_to(work)): pl.read_parquet(path)
        for path in sorted(work.glob("[2-5]-*/*/*.parquet"))
    }


def test_rows_of_every_stage_are_equal_whatever_the_number_of_shards(tmp_path, data):
    rows_by_shards = {}
    for shards in ("1", "3", "100"):
        work = tmp_path / shards
        mine(work, data, shards=shards)
        rows_by_shards[shards] = tables(work)
    sizes = [Workdir(tmp_path / n).require("1-index/bm25").stats["shards"] for n in rows_by_shards]
    assert sizes[:2] == [1, 3]
    assert sizes[2] == len(Workdir(tmp_path / "1").require("1-index/corpus").parts) > 3
    one, three, most = rows_by_shards.values()
    assert one.keys() == three.keys() == most.keys()
    for name, rows in one.items():
        assert rows.equals(three[name]) and rows.equals(most[name]), name


def test_another_number_of_shards_makes_nothing_again(tmp_path, data):
    mine(tmp_path / "work", data, shards="2")
    assert made(mine(tmp_path / "work", data, shards="3")) == []
    assert Workdir(tmp_path / "work").require("1-index/bm25").stats["shards"] == 2
