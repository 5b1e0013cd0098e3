"""What the report and `diff` say of two rounds."""

import polars as pl

import negmine
from tests.conftest import write_beir
from tests.models.tiny import static_model


def pairs(work):
    rows = pl.read_parquet(work / "5-write/provenance/*.parquet")
    return {*rows.select("query_id", "negative_id").iter_rows()}


def test_the_report_says_what_became_of_the_last_rounds_negatives(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    models = [str(static_model(tmp_path / f"m{seed}", seed=seed)) for seed in (1, 2)]
    negmine.mine(
        one, data=write_beir(tmp_path / "beir"), model=models[0], retriever=["bm25", "dense"], k=5,
        num_negatives=2, no_risk=True, no_relative_margin=True,
    )  # fmt: skip
    assert negmine.report(one, leak=False).since == []
    negmine.mine(two, since=one, round=2, model=models[1])
    report = negmine.report(two, leak=False)
    since = {row.what: row.negatives for row in report.since}
    before, after = pairs(one), pairs(two)
    assert since.pop("new") == len(after - before)
    assert since.pop("written_again") == len(before & after)
    assert sum(since.values()) == len(before - after)
    assert report.totals.round == 2
    assert report.totals.queries_changed == len({query for query, _ in before ^ after})
    shifts = {row["name"]: row["comparable"] for row in negmine.diff(one, two)["shifts"]}
    assert shifts["dense"] is False
