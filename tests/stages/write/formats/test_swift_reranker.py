"""swift-reranker: documents are the assistant's messages, all positives in one row."""

from tests.stages.write.build import written


def _assistant(text):
    return [{"role": "assistant", "content": text}]


def test_a_row_has_all_positives_and_negatives_of_a_query():
    rows, _ = written(num_negatives=2, format="swift-reranker")
    assert rows.to_dicts() == [
        {
            "messages": [{"role": "user", "content": "Q"}],
            "positive_messages": [_assistant("P1"), _assistant("P2")],
            "negative_messages": [_assistant("A"), _assistant("C")],
        }
    ]
