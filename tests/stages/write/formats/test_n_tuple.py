"""n-tuple: every positive with all negatives of its query, one column each."""

from tests.stages.write.build import written


def test_n_tuples_have_a_column_for_every_negative():
    rows, provenance = written(num_negatives=3, format="n-tuple")
    assert rows.columns == ["anchor", "positive", "negative_1", "negative_2", "negative_3"]
    assert rows.rows() == [("Q", "P1", "A", "C", "D"), ("Q", "P2", "A", "C", "D")]
    assert provenance.select("positive_id", "negative_id", "rank").rows() == [
        ("p1", ["a", "c", "d"], [1, 3, 4]),
        ("p2", ["a", "c", "d"], [1, 3, 4]),
    ]


def test_n_tuples_leave_out_queries_that_are_short_of_negatives():
    rows, provenance = written(num_negatives=4, format="n-tuple")
    assert rows.height == provenance.height == 0
    assert rows.columns[-1] == "negative_4"
