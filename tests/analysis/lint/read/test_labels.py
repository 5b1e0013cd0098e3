"""Numbers beside triplets, labels that are none, score lists that are cut, columns in another order."""

import math

import pytest

import negmine
from negmine.errors import InputError
from tests.analysis.lint.writers import SHAPES, clean, counts_of, rows_of, save

ENDINGS = (".parquet", ".jsonl")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["label", "score", "margin"])
@pytest.mark.parametrize("shape", ["triplet", "n-tuple"])
def test_a_number_beside_a_triplet_is_a_score(tmp_path, shape, name, ending):
    rows, _ = SHAPES[shape](clean(), False)
    for n, row in enumerate(rows):
        row[name] = {3: math.nan, 5: None, 7: math.inf}.get(n, 0.5)
    report = negmine.lint(save(tmp_path / f"x{ending}", rows))
    assert report["files"][0]["columns"]["scores"] == name
    assert report["totals"]["scores"] == len(rows)
    assert counts_of(report) == {"score_not_finite": 3}
    assert rows_of(report, "score_not_finite") == [4, 6, 8]
    why = {rule["rule"]: rule["why_not"] for rule in report["rules"]}
    assert why["score_inverted"] == "the file has no scores of positives"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("shape", ["labeled-pair", "labeled-list"])
def test_a_label_that_is_no_number_is_found(tmp_path, shape, ending):
    rows, _ = SHAPES[shape](clean(), False)
    name = "labels" if shape == "labeled-list" else "label"
    rows = [
        row | {name: [float(n) for n in row[name]] if name == "labels" else float(row[name])}
        for row in rows
    ]
    for n, bad in ((1, math.nan), (4, None)):
        if name == "labels":
            rows[n][name][2] = bad
        else:
            rows[n][name] = bad
    report = negmine.lint(save(tmp_path / f"x{ending}", rows))
    assert counts_of(report) == {"score_not_finite": 2}
    assert rows_of(report, "score_not_finite") == [2, 5]


def test_numbers_that_are_not_read_are_listed(tmp_path):
    rows = [row | {"weight": 1.5, "row_id": 4} for row in SHAPES["triplet"](clean(), False)[0]]
    report = negmine.lint(save(tmp_path / "x.parquet", rows))
    assert report["files"][0]["ignored"] == ["weight"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("margins", [False, True])
@pytest.mark.parametrize("cut", [0, 30])
def test_a_score_list_that_is_cut_is_an_error_with_its_row(tmp_path, cut, margins, ending):
    rows, _ = SHAPES["n-tuple"](clean(), True)
    rows = [row | {"scores": row["scores"][margins:]} for row in rows]
    rows[cut]["scores"] = rows[cut]["scores"][1:]
    path = save(tmp_path / f"x{ending}", rows)
    with pytest.raises(
        InputError, match=rf"(row|line) {cut + 1}: 'scores' has not as many"
    ) as error:
        negmine.lint(path)
    assert "more" not in str(error.value)
    assert negmine.lint(path, on_error="skip")["totals"]["scores"] == 59 * (2 if margins else 3)


@pytest.mark.parametrize("ending", ENDINGS)
def test_columns_in_another_order_are_told(tmp_path, ending):
    rows, _ = SHAPES["triplet"](clean(), False)
    orders = {
        ("anchor", "positive", "negative"): False,
        ("negative", "positive", "anchor"): True,
        ("anchor", "negative", "positive"): True,
        ("topic", "anchor", "positive", "negative"): True,
        ("anchor", "positive", "negative", "topic"): False,
    }
    for order, is_noted in orders.items():
        path = save(tmp_path / f"x{ending}", [{n: row.get(n, "x") for n in order} for row in rows])
        notes = [note for note in negmine.lint(path)["notes"] if "goes by the order" in note]
        assert len(notes) == is_noted, order
        assert all(f"the order {', '.join(order)}." in note for note in notes)
