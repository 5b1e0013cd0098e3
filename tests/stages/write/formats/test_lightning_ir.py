"""lightning-ir: a run with ranks, texts and relevance."""

from tests.stages.write.build import SCORED, written


def test_positives_come_first_without_a_teacher():
    rows, _ = written(num_negatives=2, format="lightning-ir")
    assert rows.columns == ["query_id", "doc_id", "rank", "relevance", "query", "text"]
    assert rows.rows() == [
        ("q", "p1", 1, 1, "Q", "P1"),
        ("q", "p2", 2, 1, "Q", "P2"),
        ("q", "a", 3, 0, "Q", "A"),
        ("q", "c", 4, 0, "Q", "C"),
    ]


def test_rank_and_score_are_the_teachers():
    rows, _ = written(SCORED, num_negatives=3, format="lightning-ir", teacher="bm25")
    assert rows.select("doc_id", "rank", "score").rows() == [
        ("p1", 1, 9.0), ("p2", 2, 8.0), ("a", 3, 3.0), ("c", 4, 2.5), ("d", 5, 1.0)
    ]  # fmt: skip


def test_a_query_without_negatives_has_no_row():
    rows, _ = written(num_negatives=2, format="lightning-ir")
    assert set(rows["query_id"]) == {"q"}
