"""arctic: three tables of numbers and texts, and which id each number stands for."""

import polars as pl

from tests.stages.write.formats.bundles import files


def test_labels_are_one_and_minus_one(tmp_path):
    assert files(tmp_path, format="arctic", num_negatives=2) == {
        "labels.parquet": [(0, 2, 1), (0, 3, 1), (0, 0, -1), (0, 1, -1)],
        "queries.parquet": [(0, "Q")],
        "documents.parquet": [(0, "A"), (1, "C"), (2, "P1"), (3, "P2")],
        "query_ids.parquet": [(0, "q")],
        "document_ids.parquet": [(0, "a"), (1, "c"), (2, "p1"), (3, "p2")],
    }


def test_types_are_those_that_the_step_wants(tmp_path):
    files(tmp_path, format="arctic", num_negatives=2)
    schema = pl.read_parquet_schema(tmp_path / "labels.parquet")
    assert schema == {"QUERY_ID": pl.UInt64, "DOCUMENT_ID": pl.UInt64, "RELEVANCE": pl.Int8}


def test_a_query_that_is_short_of_negatives_has_no_row(tmp_path):
    assert files(tmp_path, format="arctic", num_negatives=4)["labels.parquet"] == []
