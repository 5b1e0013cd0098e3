"""Batches of a real collection in which every query has several positives and many queries share them."""

import polars as pl
import pytest

import negmine
from tests.test_collections import positives, vectors_for


@pytest.mark.slow
def test_no_query_meets_a_positive_in_its_batch(tmp_path, collections):
    folder = collections / "stackfaq"
    work = negmine.mine(
        tmp_path / "work", data=folder, title=False, no_risk=True, format="n-tuple", num_negatives=2,
        **vectors_for(folder, tmp_path),
    ).work  # fmt: skip
    relevant = pl.DataFrame(positives(folder, "test"), schema=["query_id", "met"], orient="row")
    for by in ("cluster", "neighbour", "owner"):
        made = negmine.batch(work, by=by, batch_size=8)
        assert made["in_batches"] > 0.8 * made["rows"]
        batch = pl.read_parquet(work / "6-batch" / "map" / "*.parquet").select("batch")
        about = pl.read_parquet(work / "6-batch" / "provenance" / "*.parquet")
        rows = pl.concat([batch, about], how="horizontal").drop_nulls("batch").with_row_index("row")
        documents = rows.select(
            "batch", other="row", met=pl.concat_list("positive_id", "negative_id")
        ).explode("met")
        meetings = rows.select("row", "batch", "query_id").join(documents, on="batch")
        false = meetings.filter(pl.col("row") != pl.col("other")).join(
            relevant, on=["query_id", "met"]
        )
        assert false.is_empty()
        shuffled = made["false_negatives"]["shuffled"]
        assert shuffled["false_negatives"] > made["batches"]
