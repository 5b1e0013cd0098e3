"""kd-triplet: a triplet and the difference of the teacher's scores."""

from tests.stages.write.build import SCORED, written


def test_the_score_is_the_margin_of_the_positive_over_the_negative():
    rows, _ = written(SCORED, num_negatives=2, format="kd-triplet", teacher="bm25")
    assert rows.columns == ["anchor", "positive", "negative", "score"]
    assert rows.rows() == [
        ("Q", "P1", "A", 6.0), ("Q", "P1", "C", 6.5), ("Q", "P2", "A", 5.0), ("Q", "P2", "C", 5.5)
    ]  # fmt: skip
