"""(query, positive) text pairs, alone and beside a corpus."""

import json

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import InputError
from negmine.storage.workdir import Workdir

PAIRS = [
    ("how hot for green tea", "Green tea wants eighty degrees."),
    ("how hot for green tea", "Eighty degrees is right for tea."),
    ("How hot for  green tea", "Do not boil green tea."),
    ("why do cats purr", "Cats purr when they are content."),
    ("how long do cats sleep", "Cats sleep sixteen hours."),
    ("why do cats purr", "Cats purr when they are content."),
]


def write_pairs(path, names=("anchor", "positive"), pairs=PAIRS):
    path.write_text(
        "".join(json.dumps(dict(zip(names, pair, strict=True))) + "\n" for pair in pairs)
    )
    return path


def test_equal_queries_pool_their_positives(tmp_path):
    file = write_pairs(tmp_path / "pairs.jsonl")
    result = negmine.mine(tmp_path / "work", pairs=file, retriever=["bm25"])
    assert result.summary["queries_mined"] == 3
    assert result.summary["positives"] == 5
    candidates = Workdir(result.work).scan("2-retrieve/candidates").collect()
    tea = candidates.filter(pl.col("query_id") == "pairs:1", pl.col("label") == "positive")
    assert sorted(tea["doc_id"]) == ["pairs:1", "pairs:2", "pairs:3"]


def test_a_corpus_beside_pairs_gives_more_to_mine_from(tmp_path):
    file = write_pairs(tmp_path / "pairs.jsonl", ("question", "answer"))
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"_id": "x", "text": "Black tea is hot."}\n{"_id": "y", "text": "Cats."}\n')
    names = {"query_column": "question", "positive_column": "answer"}
    result = negmine.mine(tmp_path / "work", pairs=file, corpus=corpus, retriever=["bm25"], **names)
    documents = Workdir(result.work).scan("1-index/corpus").collect()
    assert documents["doc_id"].to_list()[:3] == ["x", "y", "pairs:1"]
    assert documents["source_row"].to_list() == list(range(8))
    written = pl.read_parquet(result.work / "5-write/triplet/*.parquet")
    assert "Black tea is hot." in written["negative"].to_list()


def test_given_vectors_follow_corpus_then_pairs(tmp_path):
    file = write_pairs(tmp_path / "pairs.jsonl", pairs=PAIRS[:1] + PAIRS[3:5])
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"_id": "x", "text": "Black tea is hot."}\n')
    rows = np.eye(4, dtype=np.float32)
    rows[0] = [0, 0.8, 0.6, 0]
    np.save(tmp_path / "d.npy", rows)
    np.save(tmp_path / "q.npy", np.eye(4, dtype=np.float32)[1:])
    result = negmine.mine(
        tmp_path / "work", pairs=file, corpus=corpus, retriever=["dense"],
        document_vectors=tmp_path / "d.npy", query_vectors=tmp_path / "q.npy",
    )  # fmt: skip
    found = Workdir(result.work).scan("2-retrieve/candidates").collect()
    scores = {(q, d): s for q, d, s in found.select("query_id", "doc_id", "dense_score").rows()}
    assert scores["pairs:1", "pairs:1"] == 1
    assert scores["pairs:1", "x"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("ancor", "positive"), "no column 'anchor'. Did you mean 'ancor'"),
        (("anchor", "answer"), "no column 'positive'.*Name it with --positive-column"),
    ],
)
def test_a_missing_column_names_the_nearest(tmp_path, names, said):
    file = write_pairs(tmp_path / "pairs.jsonl", names)
    with pytest.raises(InputError, match=said):
        negmine.mine(tmp_path / "work", pairs=file, retriever=["bm25"])


def test_pairs_with_an_empty_side_are_told_or_skipped(tmp_path):
    file = write_pairs(tmp_path / "pairs.jsonl", pairs=[*PAIRS, ("", "x y"), ("no answer", "")])
    with pytest.raises(InputError, match="line 7"):
        negmine.mine(tmp_path / "work", pairs=file, retriever=["bm25"])
    result = negmine.mine(tmp_path / "work", pairs=file, retriever=["bm25"], on_error="skip")
    assert result.summary["queries_mined"] == 3
    assert result.summary["queries_without_positives"] == 1
