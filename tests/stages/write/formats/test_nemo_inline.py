"""nemo-inline: lists of texts for each query."""

from tests.stages.write.build import written


def test_a_row_has_all_positives_and_negatives_of_a_query():
    rows, _ = written(num_negatives=2, format="nemo-inline")
    assert rows.to_dicts() == [{"query": "Q", "pos_doc": ["P1", "P2"], "neg_doc": ["A", "C"]}]
