"""Which columns have which role, under any names; and the message where none can have it."""

from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.analysis.lint.read.columns import shape_of
from negmine.analysis.lint.read.shapes import NUMBER, NUMBERS, TEXT, TEXTS, UNKNOWN
from negmine.analysis.lint.settings import LintSettings
from negmine.errors import InputError
from tests.analysis.lint.writers import SHAPES, clean, counts_of, save, write


def shape(settings=None, **kinds):
    return shape_of(Path("x.parquet"), kinds, settings or LintSettings())


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
    columns = shape(**kinds)
    assert (columns.name, columns.query, columns.positive) == (name, query, positive)
    assert list(columns.negatives) == negatives


def test_what_the_user_says_wins():
    settings = LintSettings(query_column="b", positive_column="c", negative_column=("a",))
    columns = shape(settings, a=TEXT, b=TEXT, c=TEXT)
    assert (columns.query, columns.positive, columns.negatives) == ("b", "c", ("a",))


@pytest.mark.parametrize(
    ("kinds", "settings", "message"),
    [
        ({"a": TEXT, "b": TEXT}, None, "no columns that could be negatives"),
        ({"a": TEXT}, None, "a query and a positive"),
        ({"a": NUMBER, "b": UNKNOWN}, None, r"a \(numbers\), b \(nothing"),
        (
            {"query": TEXT, "pos": TEXT, "neg": TEXT},
            LintSettings(query_column="qury"),
            "Did you mean 'query'",
        ),
        (
            {"q": TEXT, "p": TEXT, "n": NUMBER},
            LintSettings(negative_column=("n",)),
            "holds numbers, not texts",
        ),
    ],
)
def test_columns_without_a_role_are_an_error_that_lists_the_columns(kinds, settings, message):
    with pytest.raises(InputError, match=message):
        shape(settings, **kinds)


def test_a_file_with_columns_in_another_order_and_more_of_them(tmp_path):
    rows = [
        {"source": "x", "bad": g.negatives[0], "good": g.positive, "ask": g.query} for g in clean()
    ]
    path = save(tmp_path / "x.parquet", rows)
    columns = {"query_column": "ask", "positive_column": "good", "negative_column": ["bad"]}
    report = negmine.lint(path, **columns)
    assert counts_of(report) == {}
    assert report["files"][0]["ignored"] == ["source"]


def test_columns_of_every_arrow_kind_of_text(tmp_path):
    rows, _ = SHAPES["triplet"](clean(), False)
    data = pl.DataFrame(rows).with_columns(pl.col("positive").cast(pl.Categorical))
    data.write_parquet(tmp_path / "x.parquet")
    assert counts_of(negmine.lint(tmp_path / "x.parquet")) == {}


def test_csv_is_read_too(tmp_path):
    rows, _ = SHAPES["labeled-pair"](clean(), False)
    pl.DataFrame(rows).write_csv(tmp_path / "x.csv")
    report = negmine.lint(tmp_path / "x.csv")
    assert report["files"][0]["shape"] == "labeled-pair"
    assert counts_of(report) == {}


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
    assert counts_of(report) == {"same_text_as_positive": 1, "positive_elsewhere": 1}


@pytest.mark.parametrize("missing", ["pos", "neg"])
def test_a_row_without_positives_or_negatives_is_found(tmp_path, missing):
    rows, _ = SHAPES["FlagEmbedding"](clean(), False)
    rows[4][missing], rows[6][missing] = [], None
    report = negmine.lint(save(tmp_path / "x.jsonl", rows))
    assert counts_of(report) == {"empty_text": 2}


@pytest.mark.parametrize("ending", [".parquet", ".jsonl"])
def test_a_column_of_nulls_is_what_its_name_says(tmp_path, ending):
    rows = [{"query": None, "positive": g.positive, "negative": None} for g in clean(3)]
    report = negmine.lint(save(tmp_path / f"x{ending}", rows))
    assert report["files"][0]["shape"] == "triplet"
    assert counts_of(report) == {"empty_text": 6}


def test_files_of_different_shapes_are_one_audit(tmp_path):
    groups = clean()
    one, _ = write(tmp_path, groups, "triplet", ".parquet")
    two, _ = write(tmp_path, groups, "FlagEmbedding", ".jsonl")
    report = negmine.lint([one, two])
    assert [file["shape"] for file in report["files"]] == ["triplet", "FlagEmbedding"]
    assert report["totals"]["queries"] == 60
    assert counts_of(report) == {}
