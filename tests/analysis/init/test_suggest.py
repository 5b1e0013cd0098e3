"""Settings and advice that follow from the data."""

from dataclasses import replace
from pathlib import Path

import pytest

from negmine.analysis.init.look import Data, Judgements, Table
from negmine.analysis.init.suggest import advice, needed
from negmine.config.settings import IndexSettings
from negmine.errors import InputError

CORPUS = Table("corpus", Path("corpus.jsonl"), 1000, False, ["_id", "text"])
QRELS = Table("qrels", Path("q.tsv"), 9, False, [])
JUDGED = Judgements({1: 10}, queries=5, several=2)
DATA = Data([CORPUS], [], None, JUDGED)
SETTINGS = IndexSettings(data=Path("beir"))


def pairs(*columns):
    return Data([Table("pairs", Path("p.csv"), 9, False, list(columns))], [], None, None)


def test_only_what_was_given_and_what_the_data_needs_is_set():
    assert needed(SETTINGS, DATA) == {"data": Path("beir")}
    split = replace(DATA, splits=["dev", "test"], split="dev")
    assert needed(SETTINGS, split) == {"data": Path("beir"), "qrels_split": "dev"}
    bad = replace(DATA, tables=[replace(CORPUS, skipped={"corpus.jsonl: invalid JSON": 3})])
    assert needed(SETTINGS, bad)["on_error"] == "skip"


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        (("anchor", "positive"), {}),
        (("id", "Question", "Answer"), {"query_column": "Question", "positive_column": "Answer"}),
        (("query", "positive"), {"query_column": "query"}),
    ],
)
def test_the_columns_of_pairs_are_recognised_by_their_names(columns, fields):
    settings = IndexSettings(pairs=Path("p.csv"))
    assert needed(settings, pairs(*columns)) == {"pairs": Path("p.csv"), **fields}


def test_columns_that_are_not_recognised_are_asked_for():
    with pytest.raises(InputError, match=r"It has: x, y\. Name it with --query-column"):
        needed(IndexSettings(pairs=Path("p.csv")), pairs("x", "y"))
    given = IndexSettings(pairs=Path("p.csv"), query_column="x", positive_column="y")
    assert needed(given, pairs("x", "y"))["query_column"] == "x"


def test_advice_is_about_size_splits_relevance_and_bad_rows():
    assert any("suit a corpus of this size" in line for line in advice(SETTINGS, DATA))
    large = replace(DATA, tables=[replace(CORPUS, rows=3_000_000)])
    assert any('retriever = ["bm25"]' in line for line in advice(SETTINGS, large))
    graded = replace(
        DATA, judgements=Judgements({0: 1, 1: 2, 3: 4}, 3, 0), splits=["a", "b"], split="a"
    )
    text = "\n".join(advice(SETTINGS, graded))
    assert "grades 0, 1, 3" in text
    assert "Splits of the qrels: a, b. This file reads a." in text
    assert "none have two or more" in text
    assert "2 have two or more" in "\n".join(advice(SETTINGS, DATA))
    bad = replace(DATA, tables=[replace(CORPUS, skipped={"corpus.jsonl: invalid JSON": 3})])
    assert any(
        "3 of the first rows cannot be used (invalid JSON)" in x for x in advice(SETTINGS, bad)
    )


def test_qrels_without_a_positive_are_refused():
    with pytest.raises(
        InputError, match=r"q.tsv: none of the first judgements .* no query has a positive"
    ):
        advice(SETTINGS, replace(DATA, tables=[QRELS], judgements=Judgements({0: 9}, 0, 0)))
