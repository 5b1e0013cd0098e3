"""dpr: one JSON list, negatives as hard negatives."""

import json

from tests.stages.write.formats.bundles import files


def _context(name):
    return {"title": "", "text": name.upper(), "passage_id": name}


def test_a_row_has_all_positives_and_negatives_of_a_query(tmp_path):
    made = files(tmp_path, format="dpr", num_negatives=2)
    assert json.loads(made["train.json"]) == [
        {
            "question": "Q",
            "answers": [],
            "positive_ctxs": [_context("p1"), _context("p2")],
            "negative_ctxs": [],
            "hard_negative_ctxs": [_context("a"), _context("c")],
        }
    ]
