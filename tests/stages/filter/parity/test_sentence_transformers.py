"""Parity with sentence-transformers' mine_hard_negatives: golden cases and real collections.

The golden cases were verified on sentence-transformers 6.2 with vectors whose cosine is the given
number. Where the oracle is called here, it gets a model that looks vectors up, so both sides see the
same numbers.
"""

import json

import numpy as np
import polars as pl
import pytest

import negmine

F1 = {"p": 0.80} | {f"d{i}": round(0.95 - 0.1 * i, 2) for i in range(8)}
F2 = {"p": 0.75, "a": 0.50, "b": 0.25}


def unit(cosine):
    return np.array([cosine, np.sqrt(1 - cosine**2)], np.float32)


def mine(tmp_path, scores, positives=("p",), name="work", **options):
    """Mine one query whose cosine to every document is given; return the frames of room 5."""
    data = tmp_path / f"{name}-data"
    data.mkdir()
    lines = [json.dumps({"_id": doc, "text": f"text {doc}"}) for doc in scores]
    (data / "corpus.jsonl").write_text("\n".join(lines))
    (data / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "the query"}))
    rows = "".join(f"q\t{doc}\t1\n" for doc in positives)
    (data / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows)
    np.save(data / "d.npy", np.stack([unit(score) for score in scores.values()]))
    np.save(data / "q.npy", np.array([[1, 0]], np.float32))
    defaults = {"no_relative_margin": True} if "relative_margin" not in options else {}
    result = negmine.mine(
        tmp_path / name,
        corpus=data / "corpus.jsonl",
        queries=data / "queries.jsonl",
        qrels=data / "qrels.tsv",
        query_vectors=data / "q.npy",
        document_vectors=data / "d.npy",
        retriever=["dense"],
        no_near_duplicate=True,
        no_risk=True,
        **(defaults | options),
    )
    return result


def rows(tmp_path, scores, **options):
    result = mine(tmp_path, scores, **options)
    folder = result.work / "5-write" / "provenance"
    return pl.read_parquet(folder / "*.parquet")


def negatives(tmp_path, scores, **options):
    return rows(tmp_path, scores, **options)["negative_id"].to_list()


def test_f1_top_three(tmp_path):
    assert negatives(tmp_path, F1, num_negatives=3) == ["d0", "d1", "d2"]


def test_f1_relative_margin(tmp_path):
    # .80 - .80 * .2 = .64: everything from d4 (.55) down
    assert negatives(tmp_path, F1, num_negatives=9, relative_margin=0.2) == ["d4", "d5", "d6", "d7"]


def test_f1_max_score(tmp_path):
    assert negatives(tmp_path, F1, num_negatives=9, max_score=0.6) == ["d4", "d5", "d6", "d7"]


def test_f1_two_positives_hang_from_the_lower_one(tmp_path):
    scores = F1 | {"p2": 0.40}
    found = rows(tmp_path, scores, positives=("p", "p2"), absolute_margin=0.0, num_negatives=2)
    assert found.select("positive_id", "negative_id").rows() == [
        ("p", "d6"), ("p", "d7"), ("p2", "d6"), ("p2", "d7")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rule", [{"absolute_margin": 0.25}, {"max_score": 0.5}, {"min_score": 0.5}]
)
def test_f2_equality_survives(tmp_path, rule):
    assert negatives(tmp_path, F2, num_negatives=1, **rule) == ["a"]


@pytest.mark.parametrize(
    ("shape", "count"), [("triplet", 2), ("n-tuple", 0), ("labeled-pair", 3), ("labeled-list", 1)]
)
def test_f2_rows_of_every_format(tmp_path, shape, count):
    assert mine(tmp_path, F2, num_negatives=5, format=shape).summary["rows_written"] == count


def test_ties_go_to_the_smaller_doc_id(tmp_path):
    scores = {"p": 0.9} | {f"d{i}": 0.5 for i in (3, 1, 7, 5, 0)}
    assert negatives(tmp_path, scores, num_negatives=3) == ["d0", "d1", "d3"]
