"""swift: lists of lists of messages, one positive in a row."""

from tests.stages.write.build import written


def _user(text):
    return {"role": "user", "content": text}


def test_every_positive_has_a_row_of_messages():
    rows, _ = written(num_negatives=2, format="swift")
    negatives = [[_user("A")], [_user("C")]]
    assert rows.to_dicts() == [
        {
            "messages": [_user("Q")],
            "positive_messages": [[_user(positive)]],
            "negative_messages": negatives,
        }
        for positive in ("P1", "P2")
    ]


def test_an_instruction_is_what_the_system_says():
    rows, _ = written(num_negatives=1, format="swift", instruction="Find")
    system = {"role": "system", "content": "Find"}
    assert rows["messages"].to_list() == [[system, _user("Q")]] * 2
