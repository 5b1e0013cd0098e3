"""Which columns are taken for what, under any names; and what is said where that cannot be told."""

from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.analysis.lint.read.shapes import (
    NUMBER,
    NUMBERS,
    TEXT,
    TEXTS,
    UNKNOWN,
    Columns,
    understand,
)
from negmine.errors import InputError
from tests.analysis.lint.writers import SHAPES, clean, found, save, write


def shape(said=None, **kinds):
    return understand(Path("x.parquet"), kinds, said or Columns())


@pytest.mark.parametrize(
    ("kinds", "name", "query", "positive", "negatives"),
    [
        ({"anchor": TEXT, "positive": TEXT, "negative": TEXT}, "triplet", "anchor", "positive", ["negative"]),
        ({"q": TEXT, "a": TEXT, "b": TEXT, "c": TEXT}, "n-tuple", "q", "a", ["b", "c"]),
        ({"id": TEXT, "q": TEXT, "a": TEXT, "b": TEXT}, "triplet", "q", "a", ["b"]),
        ({"positive": TEXT, "negative": TEXT, "query": TEXT}, "triplet", "query", "positive", ["negative"]),
        ({"topic": TEXT, "query": TEXT, "pos": TEXT, "neg": TEXT}, "triplet", "query", "pos", ["neg"]),
        ({"query": TEXT, "pos": TEXTS, "neg": TEXTS, "pos_scores": NUMBERS},
         "FlagEmbedding", "query", "pos", ["neg"]),
        ({"query": TEXT, "pos": TEXTS, "neg": TEXTS, "pos_id": TEXTS, "neg_id": TEXTS, "prompt": TEXT},
         "FlagEmbedding", "query", "pos", ["neg"]),
        ({"q": TEXT, "d": TEXT, "label": NUMBER}, "labeled-pair", "q", "d", []),
        ({"q": TEXT, "d": TEXT, "score": NUMBER}, "labeled-pair", "q", "d", []),
        ({"q": TEXT, "d": TEXTS, "labels": NUMBERS}, "labeled-list", "q", "d", []),
        ({"q": TEXT, "d": TEXT, "n": TEXT, "label": NUMBER}, "triplet", "q", "d", ["n"]),
        ({"Anchor": TEXT, "Positive": TEXT, "Negative_1": TEXT, "Negative_2": TEXT}, "n-tuple",
         "Anchor", "Positive", ["Negative_1", "Negative_2"]),
    ],
)  # fmt: skip
def test_columns_are_found(kinds, name, query, positive, negatives):
    found = shape(**kinds)
    assert (found.name, found.query, found.positive) == (name, query, positive)
    assert list(found.negatives) == negatives


def test_what_the_user_says_wins():
    said = Columns("b", "c", ("a",))
    found = shape(said, a=TEXT, b=TEXT, c=TEXT)
    assert (found.query, found.positive, found.negatives) == ("b", "c", ("a",))


@pytest.mark.parametrize(
    ("kinds", "said", "message"),
    [
        ({"a": TEXT, "b": TEXT}, None, "no columns that could be negatives"),
        ({"a": TEXT}, None, "a query and a positive"),
        ({"a": NUMBER, "b": UNKNOWN}, None, r"a \(numbers\), b \(nothing"),
        ({"query": TEXT, "pos": TEXT, "neg": TEXT}, Columns(query="qury"), "Did you mean 'query'"),
        (
            {"q": TEXT, "p": TEXT, "n": NUMBER},
            Columns(negatives=("n",)),
            "holds numbers, not texts",
        ),
    ],
)
def test_what_cannot_be_told_is_an_error_that_lists_the_columns(kinds, said, message):
    with pytest.raises(InputError, match=message):
        shape(said, **kinds)


def test_a_file_with_columns_in_another_order_and_more_of_them(tmp_path):
    rows = [
        {"source": "x", "bad": g.negatives[0], "good": g.positive, "ask": g.query} for g in clean()
    ]
    path = save(tmp_path / "x.parquet", rows)
    columns = {"query_column": "ask", "positive_column": "good", "negative_column": ["bad"]}
    report = negmine.lint(path, **columns)
    assert found(report) == {}
    assert report["files"][0]["ignored"] == ["source"]


def test_columns_of_every_arrow_kind_of_text(tmp_path):
    rows, _ = SHAPES["triplet"](clean(), False)
    data = pl.DataFrame(rows).with_columns(pl.col("positive").cast(pl.Categorical))
    data.write_parquet(tmp_path / "x.parquet")
    assert found(negmine.lint(tmp_path / "x.parquet")) == {}


def test_csv_is_read_too(tmp_path):
    rows, _ = SHAPES["labeled-pair"](clean(), False)
    pl.DataFrame(rows).write_csv(tmp_path / "x.csv")
    report = negmine.lint(tmp_path / "x.csv")
    assert report["files"][0]["shape"] == "labeled-pair"
    assert found(report) == {}


def test_labels_may_be_true_and_false_or_grades(tmp_path):
    rows, _ = SHAPES["labeled-pair"](clean(), False)
    for name, change in (("bool", bool), ("grade", lambda label: label * 2.5)):
        path = save(tmp_path / f"{name}.jsonl", [r | {"label": change(r["label"])} for r in rows])
        assert negmine.lint(path)["totals"]["positives"] == 60
    assert negmine.lint(path, label_threshold=3)["totals"]["positives"] == 0


def test_scores_without_labels_are_read_by_place_and_that_is_said(tmp_path):
    groups = clean(10)
    path, _ = write(tmp_path, groups, "labeled-pair", ".jsonl", scored=True)
    report = negmine.lint(path)
    assert (report["totals"]["positives"], report["totals"]["negatives"]) == (10, 20)
    assert "--label-threshold" in report["notes"][0]
    report = negmine.lint(path, label_threshold=0.5)
    assert (report["totals"]["positives"], report["totals"]["negatives"]) == (10, 20)
    assert report["notes"] == []


def test_several_positives_in_a_row_are_all_its_own(tmp_path):
    groups = clean(60)
    rows, _ = SHAPES["FlagEmbedding"](groups, False)
    rows[3]["pos"].append(rows[4]["pos"][0])
    rows[3]["neg"][1] = rows[4]["pos"][0]
    report = negmine.lint(save(tmp_path / "x.jsonl", rows))
    assert found(report) == {"same_text_as_positive": 1, "positive_elsewhere": 1}


@pytest.mark.parametrize("missing", ["pos", "neg"])
def test_a_row_without_positives_or_negatives_is_found(tmp_path, missing):
    rows, _ = SHAPES["FlagEmbedding"](clean(), False)
    rows[4][missing], rows[6][missing] = [], None
    report = negmine.lint(save(tmp_path / "x.jsonl", rows))
    assert found(report) == {"empty_text": 2}


@pytest.mark.parametrize("ending", [".parquet", ".jsonl"])
def test_a_column_of_nulls_is_what_its_name_says(tmp_path, ending):
    rows = [{"query": None, "positive": g.positive, "negative": None} for g in clean(3)]
    report = negmine.lint(save(tmp_path / f"x{ending}", rows))
    assert report["files"][0]["shape"] == "triplet"
    assert found(report) == {"empty_text": 6}


def test_files_of_different_shapes_are_one_audit(tmp_path):
    groups = clean()
    one, _ = write(tmp_path, groups, "triplet", ".parquet")
    two, _ = write(tmp_path, groups, "FlagEmbedding", ".jsonl")
    report = negmine.lint([one, two])
    assert [file["shape"] for file in report["files"]] == ["triplet", "FlagEmbedding"]
    assert report["totals"]["queries"] == 60
    assert found(report) == {}
