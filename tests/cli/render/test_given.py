"""What was wrong with a mined file, as the summary tells it."""

from negmine.cli.render.given import given_negatives

COUNTS = {
    "rows": 3, "rows_without": 1, "negatives": 1009, "empty": 0, "repeated": 5, "queries_with_repeated": 1,
    "not_candidates": 0, "kept": 1000, "removed": {"is_positive": 3, "too_risky": 1}, "queries_with_removed": 2,
}  # fmt: skip


def test_every_negative_of_the_file_is_in_one_line_and_nothing_is_told_of_zeros():
    assert list(given_negatives(COUNTS)) == [
        ("negatives in the file", "1,009", "of 3 rows, 1 without negatives"),
        ("  - repeated", "5", "again for the same query, in 1 query"),
        ("  - is_positive", "3", "the text of a positive of the query"),
        ("  - too_risky", "1", ""),
        ("  = kept", "1,000", "2 queries lost some to rules"),
    ]


def test_without_a_mined_file_there_are_no_lines():
    assert list(given_negatives({})) == []
