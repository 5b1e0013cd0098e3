"""reranker-eval: lists of texts for each query, as the evaluators of sentence-transformers read them."""

from tests.stages.write.build import written


def test_a_row_has_all_positives_and_negatives_of_a_query():
    rows, _ = written(num_negatives=2, format="reranker-eval")
    assert rows.to_dicts() == [{"query": "Q", "positive": ["P1", "P2"], "negative": ["A", "C"]}]
