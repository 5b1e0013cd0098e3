"""Real collections, end to end: `mine` finishes, and no written negative is a positive.

Vectors are made of words here (conftest.vector), so that the whole pipeline runs in seconds; the test
with the real encoder is the demo, in test_demo.py.
"""

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.data.texts import normalise
from negmine.storage.workdir import Workdir
from tests.conftest import vector

SPLITS = {
    "scifact": "train",
    "cranfield": "test",
    "vaswani-npl": "test",
    "stackfaq": "test",
    "xquad-r": "test",
}


def rows_of(file):
    return pl.read_ndjson(file, infer_schema_length=None)


def document_texts(folder):
    corpus = rows_of(next(folder.glob("corpus.jsonl*")))
    title = corpus["title"].to_list()
    return {
        doc: f"{heading} {text}".strip() if heading else text
        for doc, heading, text in zip(corpus["_id"], title, corpus["text"], strict=True)
    }


def positives(folder, split):
    file = next(folder.glob(f"qrels/{split}.tsv*"))
    judged = pl.read_csv(file, separator="\t", infer_schema=False, quote_char=None)
    judged = judged.filter(pl.col("score").cast(pl.Int64) > 0)
    return list(zip(judged["query-id"], judged["corpus-id"], strict=True))


def vectors_for(folder, target):
    texts = document_texts(folder)
    queries = rows_of(next(folder.glob("queries.jsonl*")))
    np.save(target / "d.npy", np.stack([vector(text[:300], 48) for text in texts.values()]))
    np.save(target / "q.npy", np.stack([vector(text, 48) for text in queries["text"]]))
    return {"query_vectors": target / "q.npy", "document_vectors": target / "d.npy"}


def check_written(work, folder, split):
    """No written negative is a positive of its query's text, or the same text as one."""
    texts = document_texts(folder)
    queries = rows_of(next(folder.glob("queries.jsonl*")))
    asked = {q: normalise(text) for q, text in zip(queries["_id"], queries["text"], strict=True)}
    forbidden = {(asked[q], normalise(texts[d])) for q, d in positives(folder, split) if d in texts}
    written = pl.read_parquet(work / "5-write" / "triplet" / "*.parquet")
    assert written.height > 0
    pairs = {
        (normalise(anchor), normalise(negative))
        for anchor, negative in written.select("anchor", "negative").unique().rows()
    }
    assert not pairs & forbidden
    assert not [pair for pair in pairs if pair[0] == pair[1]]
    good = {(normalise(a), normalise(p)) for a, p in written.select("anchor", "positive").rows()}
    assert good <= forbidden


def check_manifests(work):
    """candidates = kept + sum of reasons; provenance lies row for row beside the training file."""
    disk = Workdir(work)
    stats = disk.require("4-filter/verdicts").stats
    rows = disk.require("2-retrieve/candidates").rows
    assert rows == stats["candidates"] == stats["kept"] + sum(stats["removed"].values())
    assert disk.require("5-write/triplet").rows == disk.require("5-write/provenance").rows
    reasons = disk.scan("4-filter/verdicts").group_by("reason").len().collect()
    assert dict(reasons.drop_nulls().rows()) == stats["removed"]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "split"), SPLITS.items())
def test_a_real_collection_is_mined_with_both_retrievers(tmp_path, collections, name, split):
    folder = collections / name
    flags = vectors_for(folder, tmp_path)
    result = negmine.mine(tmp_path / "work", data=folder, qrels_split=split, **flags)
    check_written(result.work, folder, split)
    check_manifests(result.work)
    candidates = Workdir(result.work).scan("2-retrieve/candidates")
    assert candidates.select(pl.col("dense_score").null_count()).collect().item() == 0
    assert (
        candidates.filter(pl.col("bm25_score") <= 0, pl.col("bm25_rank").is_not_null())
        .collect()
        .height
        == 0
    )


@pytest.mark.slow
def test_sixty_thousand_documents_and_queries_with_bm25(tmp_path, collections):
    folder = collections / "debian-packages"
    result = negmine.mine(tmp_path / "work", data=folder, retriever=["bm25"])
    assert result.summary["queries_mined"] == 60_104
    check_written(result.work, folder, "test")
    check_manifests(result.work)
