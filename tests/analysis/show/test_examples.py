"""From provenance to examples, whatever format it is of."""

import polars as pl

from negmine.analysis.show.examples import example, flat

TRIPLETS = pl.DataFrame(
    {
        "query_id": ["q"] * 4,
        "positive_id": ["p1", "p1", "p2", "p2"],
        "positive_label": ["positive", "positive", "judged_positive", "judged_positive"],
        "negative_id": ["n1", "n2", "n1", "n2"],
        "rank": [3, 9, 3, 9],
        "score": [0.1, 0.2, 0.1, 0.2],
        "retrievers": [["bm25"]] * 4,
        "bm25_rank": [1, None, 1, None],
        "bm25_score": [7.5, None, 7.5, None],
        "positive_score": [8.0] * 4,
    }
)
TEXTS = {"p1": "the positive", "n1": "the negative", "n2": "another"}


def of(provenance):
    return example("q", flat(provenance), TEXTS, "what?")


def test_each_document_is_there_once_with_rank_scores_and_text():
    found = of(TRIPLETS)
    assert found["query"] == "what?"
    assert found["positives"] == [
        {"doc_id": "p1", "by_judge": False, "text": "the positive"},
        {"doc_id": "p2", "by_judge": True, "text": None},
    ]
    assert found["negatives"] == [
        {"doc_id": "n1", "rank": 3, "scores": {"bm25": 7.5}, "positive_score": 8.0, "text": "the negative"},
        {"doc_id": "n2", "rank": 9, "scores": {}, "positive_score": 8.0, "text": "another"},
    ]  # fmt: skip


def test_lists_and_pairs_give_the_same_examples_as_triplets():
    one = ["query_id", "positive_id", "positive_label", "positive_score"]
    lists = TRIPLETS.group_by(one, maintain_order=True).agg(pl.exclude(one))
    positives = TRIPLETS.unique("positive_id", maintain_order=True).select(one[:3])
    negatives = TRIPLETS.head(2).drop("positive_id", "positive_label")
    pairs = pl.concat([positives, negatives], how="diagonal").select(TRIPLETS.columns)
    assert of(lists) == of(pairs) == of(TRIPLETS)
