"""tevatron: passages with ids, an empty title, and scores where there is a teacher."""

from tests.stages.write.build import SCORED, written


def test_a_row_has_the_passages_of_a_query():
    rows, _ = written(num_negatives=2, format="tevatron")
    assert rows.to_dicts() == [
        {
            "query_id": "q",
            "query": "Q",
            "positive_passages": [
                {"docid": "p1", "title": "", "text": "P1"},
                {"docid": "p2", "title": "", "text": "P2"},
            ],
            "negative_passages": [
                {"docid": "a", "title": "", "text": "A"},
                {"docid": "c", "title": "", "text": "C"},
            ],
        }
    ]


def test_every_passage_has_a_score_with_a_teacher():
    rows, _ = written(SCORED, num_negatives=2, format="tevatron", teacher="bm25")
    (row,) = rows.to_dicts()
    assert [one["score"] for one in row["positive_passages"]] == [9.0, 8.0]
    assert [one["score"] for one in row["negative_passages"]] == [3.0, 2.5]
