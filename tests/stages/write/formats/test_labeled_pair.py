"""labeled-pair: every document of a query once, with 1 for a positive and 0 for a negative."""

from tests.stages.write.build import written


def test_labeled_pairs_have_each_positive_then_each_negative_once():
    rows, provenance = written(num_negatives=2, format="labeled-pair")
    assert rows.columns == ["anchor", "positive", "label"]
    assert rows.rows() == [
        ("Q", "P1", 1), ("Q", "P2", 1), ("Q", "A", 0), ("Q", "C", 0), ("L", "P", 1)
    ]  # fmt: skip
    assert provenance.select("query_id", "positive_id", "negative_id", "rank").rows() == [
        ("q", "p1", None, None),
        ("q", "p2", None, None),
        ("q", None, "a", 1),
        ("q", None, "c", 3),
        ("lonely", "p", None, None),
    ]
