"""Scores that were given once: whatever part a pair was in when it was scored."""

import numpy as np
import polars as pl

import negmine
from negmine.scorers.remembered import Remembered
from negmine.storage.workdir import Workdir
from tests.conftest import QUERIES, write_beir

ASKED = []


class Counting:
    """Scores a pair by its lengths, and remembers what it was asked."""

    def score(self, queries, documents):
        ASKED.extend(zip(queries, documents, strict=True))
        return np.array(
            [len(q) + len(d) for q, d in zip(queries, documents, strict=True)], np.float32
        )


def counting():
    return Counting()


def test_pairs_of_another_part_are_taken_over(tmp_path):
    ASKED.clear()
    told = []
    first = Remembered(Counting(), tmp_path / "part-0", 8)
    first.score(["q1", "q1", "q2"], ["a", "bb", "a"], told.append)
    second = Remembered(Counting(), tmp_path / "part-1", 8, [tmp_path / "part-0"])
    scores = second.score(["q2", "q3", "q1"], ["a", "c", "bb"], told.append)
    assert scores.tolist() == [3.0, 3.0, 4.0]
    assert ASKED.count(("q3", "c")) == 1
    assert len(ASKED) == 4
    assert sum(told) == 6
    assert Remembered(Counting(), tmp_path / "part-1", 8).score(["q1"], ["bb"], told.append) == [
        4.0
    ]
    assert len(ASKED) == 4


def test_queries_that_move_to_another_part_cost_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 2)
    data = write_beir(tmp_path / "beir")
    flags = {"data": data, "retriever": ["bm25"], "rerank_model": f"{__name__}:counting"}
    ASKED.clear()
    negmine.mine(tmp_path / "work", **flags)
    before = len(ASKED)
    first = next(iter(QUERIES))
    more = {"q0": "boiling water of tea"} | QUERIES
    qrels = [
        ("q0", "tea-4", 1),
        *[(q, d, 1) for q, d in _judged() if q != first],
        (first, "tea-1", 1),
    ]
    write_beir(data, queries=more, qrels=qrels)
    negmine.mine(tmp_path / "work", **flags)
    assert 0 < before < len(ASKED)
    assert {query for query, _ in ASKED[before:]} == {"boiling water of tea"}
    rows = Workdir(tmp_path / "work").scan("4-filter/verdicts").collect()
    assert rows.filter(pl.col("rerank_score").is_null()).is_empty()


def _judged():
    from tests.conftest import QRELS

    return [(query, document) for query, document, relevance in QRELS if relevance > 0]
