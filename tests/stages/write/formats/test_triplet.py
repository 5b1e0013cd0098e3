"""triplet: every positive of a query with every negative of it."""

from tests.stages.write.build import written


def test_triplets_pair_every_positive_with_every_negative():
    rows, provenance = written(num_negatives=2, format="triplet")
    assert rows.columns == ["anchor", "positive", "negative"]
    assert rows.rows() == [("Q", "P1", "A"), ("Q", "P1", "C"), ("Q", "P2", "A"), ("Q", "P2", "C")]
    assert provenance.select("query_id", "positive_id", "negative_id", "rank").rows() == [
        ("q", "p1", "a", 1), ("q", "p1", "c", 3), ("q", "p2", "a", 1), ("q", "p2", "c", 3)
    ]  # fmt: skip


def test_a_query_that_is_short_of_negatives_has_fewer_triplets():
    rows, _ = written(num_negatives=9, format="triplet")
    assert rows["negative"].to_list() == ["A", "C", "D", "A", "C", "D"]
