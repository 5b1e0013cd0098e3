"""gritlm: every query and document is an instruction and a text."""

from tests.stages.write.build import written


def test_texts_have_an_instruction_in_front():
    rows, _ = written(num_negatives=2, format="gritlm", instruction="Find")
    assert rows.to_dicts() == [
        {
            "query": ["Find", "Q"],
            "pos": [["", "P1"], ["", "P2"]],
            "neg": [["", "A"], ["", "C"]],
        }
    ]


def test_without_an_instruction_it_is_empty():
    rows, _ = written(num_negatives=1, format="gritlm")
    assert rows["query"].to_list() == [["", "Q"]]
