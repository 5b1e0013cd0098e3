"""ids: rows of ids, and each text once beside them."""

from tests.stages.write.build import SCORED
from tests.stages.write.formats.bundles import files


def test_rows_name_the_positive_first_and_texts_lie_beside_them(tmp_path):
    made = files(tmp_path, format="ids", num_negatives=2, teacher="bm25")
    assert made == {
        "train.parquet": [
            ("q", ["p1", "a", "c"], [9.0, 3.0, 2.5]),
            ("q", ["p2", "a", "c"], [8.0, 3.0, 2.5]),
        ],
        "queries.parquet": [("q", "Q")],
        "documents.parquet": [("a", "A"), ("c", "C"), ("p1", "P1"), ("p2", "P2")],
    }


def test_without_a_teacher_there_are_no_scores(tmp_path):
    made = files(tmp_path, format="ids", num_negatives=2)
    assert made["train.parquet"] == [("q", ["p1", "a", "c"]), ("q", ["p2", "a", "c"])]


def test_parts_make_no_difference(tmp_path):
    whole = files(tmp_path / "whole", format="ids", num_negatives=2)
    parts = SCORED.partition_by("query_id", maintain_order=True)
    assert files(tmp_path / "parts", format="ids", num_negatives=2, parts=parts) == whole
