"""labeled-list: every positive with all negatives of its query, in one list."""

from tests.stages.write.build import written


def test_labeled_lists_start_with_the_positive_and_keep_short_rows():
    rows, provenance = written(num_negatives=5, format="labeled-list")
    assert rows.columns == ["anchor", "positive", "labels"]
    assert rows.rows() == [
        ("Q", ["P1", "A", "C", "D"], [1, 0, 0, 0]),
        ("Q", ["P2", "A", "C", "D"], [1, 0, 0, 0]),
    ]
    assert provenance.select("positive_id", "negative_id", "rank").rows() == [
        ("p1", ["a", "c", "d"], [1, 3, 4]),
        ("p2", ["a", "c", "d"], [1, 3, 4]),
    ]


def test_two_rows_with_the_same_texts_stay_two_rows():
    rows, _ = written(num_negatives=1, format="labeled-list")
    assert rows["positive"].to_list() == [["P1", "A"], ["P2", "A"]]
