"""`lint --batches` counts in-batch false negatives before and after `negmine batch`."""

import polars as pl
import pytest

import negmine
from negmine.errors import GateNotMet, SettingsError
from tests.stages.batch.collection import contradictions, mined

RULE = "in_batch_false_negative"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = mined(tmp_path_factory.mktemp("lint"))
    negmine.batch(folder, by="cluster", batch_size=4)
    return folder


def rule_of(path, **flags):
    report = negmine.lint(path, near_duplicate=0.8, **flags)
    return next(rule for rule in report["rules"] if rule["rule"] == RULE)


def in_file_order(work, size):
    rows = pl.read_parquet(work / "5-write" / "provenance" / "*.parquet").with_row_index("row")
    return contradictions(rows.with_columns(batch=pl.col("row") // size).to_dicts())


def test_rows_with_a_false_negative_are_counted_as_texts_and_qrels_tell(work):
    rule = rule_of(work / "5-write" / "n-tuple", batches=[4, 8], rows=1000)
    queries_with = len({(query, batch) for query, _, batch in in_file_order(work, 4)})
    assert rule["checked"] and rule["count"] >= queries_with > 10
    assert [(one["batch_size"], one["order"]) for one in rule["about"]["orders"]] == [
        (4, "file"), (4, "shuffled"), (8, "file"), (8, "shuffled"),
    ]  # fmt: skip
    assert rule["about"]["orders"][0]["rows_with"] == rule["count"] == len(rule["rows"])
    assert rule["share"] == rule["count"] / rule["of"]


def test_composed_batches_have_none_and_the_gate_is_met(work):
    rule = rule_of(work / "6-batch" / "n-tuple", batches=[4], fail_on=[f"{RULE}=0"])
    assert (rule["checked"], rule["count"], rule["of"] % 4) == (True, 0, 0)
    assert rule["about"]["orders"][1]["false_negatives"] > 0  # the same rows, shuffled
    with pytest.raises(GateNotMet, match=RULE):
        rule_of(work / "5-write" / "n-tuple", batches=[4], fail_on=[f"{RULE}=0"])


def test_a_file_without_provenance_is_not_checked(work, tmp_path):
    path = tmp_path / "alone.parquet"
    pl.read_parquet(work / "5-write" / "n-tuple" / "*.parquet").write_parquet(path)
    assert "provenance" in rule_of(path, batches=[4])["why_not"]
    assert rule_of(path)["why_not"] == "needs --batches"


def test_labeled_pairs_have_no_in_batch_negatives(tmp_path):
    folder = mined(tmp_path, format="labeled-pair")
    rule = rule_of(folder / "5-write" / "labeled-pair", batches=[4])
    assert (rule["checked"], rule["count"]) == (False, 0)
    assert rule["why_not"] == "labeled pairs have no in-batch negatives"


def test_a_batch_of_one_row_is_refused(work):
    with pytest.raises(SettingsError, match="--batches 1"):
        negmine.lint(work / "5-write" / "n-tuple", batches=[1])
