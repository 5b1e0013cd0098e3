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


BAD = [("", "x y"), ("no answer", ""), (None, " "), ("a list", ["x"])]


def told(tmp_path, **sources):
    with pytest.raises(InputError) as error:
        negmine.mine(tmp_path / "work", retriever=["bm25"], **sources)
    return str(error.value).replace(f"{tmp_path}/", "").splitlines()


def test_a_bad_pair_is_told_once(tmp_path):
    file = write_pairs(tmp_path / "pairs.jsonl", pairs=[*PAIRS, *BAD])
    assert told(tmp_path, pairs=file) == [
        "pairs.jsonl, line 7: the query is empty. Give it a text, or leave the row out.",
        "pairs.jsonl, line 8: the positive is empty.",
        "pairs.jsonl, line 9: the query is empty, the positive is empty.",
        "pairs.jsonl, line 10: the positive: a text is wanted, this is a list.",
        "To leave such rows out and count them: --on-error skip",
    ]


def test_a_bad_pair_is_told_once_beside_a_bad_document(tmp_path):
    file = write_pairs(tmp_path / "pairs.jsonl", pairs=[*PAIRS, ("", "x y")])
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"_id": "x", "text": ""}\n')
    said = told(tmp_path, pairs=file, corpus=corpus)
    assert [line.split(":")[0] for line in said[:-1]] == [
        "corpus.jsonl, line 1", "corpus.jsonl", "pairs.jsonl, line 7",
    ]  # fmt: skip


def test_a_bad_pair_is_left_out_whole_and_counted_once(tmp_path):
    file = write_pairs(tmp_path / "pairs.jsonl", pairs=[*BAD, *PAIRS])
    with file.open("a") as stream:
        stream.write("{no JSON\n")
    result = negmine.mine(tmp_path / "work", pairs=file, retriever=["bm25"], on_error="skip")
    skipped = {"pairs.jsonl: unusable pair": 4, "pairs.jsonl: invalid JSON": 1}
    assert result.summary["skipped"] == skipped
    assert result.summary["queries_mined"] == 3
    assert result.summary["queries_without_positives"] == 0
    documents = Workdir(result.work).scan("1-index/corpus").collect()
    assert documents["doc_id"].to_list() == [f"pairs:{number}" for number in range(5, 11)]


def test_a_file_without_pairs_is_told_once(tmp_path):
    file = write_pairs(tmp_path / "pairs.jsonl", pairs=[])
    wanted = ["pairs.jsonl: there are no pairs in it. Check that this is the right file."]
    assert told(tmp_path, pairs=file) == wanted


def test_an_empty_corpus_beside_pairs_is_an_error(tmp_path):
    file = write_pairs(tmp_path / "pairs.jsonl")
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("")
    wanted = ["corpus.jsonl: there are no documents in it. Check that this is the right file."]
    assert told(tmp_path, pairs=file, corpus=corpus) == wanted


@pytest.mark.parametrize(
    ("on_error", "made_again"),
    [("stop", {"1-index/corpus"}), ("skip", {"1-index/corpus", "1-index/queries"})],
)
def test_either_column_shapes_both_tables_where_rows_are_skipped(tmp_path, on_error, made_again):
    """A row that lacks one side is left out whole."""
    file = write_pairs(
        tmp_path / "pairs.jsonl", ("anchor", "positive", "title"), [("a b", "c", "")]
    )
    negmine.mine(tmp_path / "work", pairs=file, retriever=["bm25"], on_error=on_error)
    states = negmine.status(tmp_path / "work", positive_column="title")
    stale = {one.artifact.name for one in states if one.state == "stale"}
    assert stale & {"1-index/corpus", "1-index/queries"} == made_again
