"""`explain` at every width: nothing is cut but the documents' texts, and every opinion is shown."""

import io

import pytest
from rich.console import Console

from negmine.cli.render.explain import explanation

BASE = {
    "label": "unlabeled", "rank": 1, "score": 0.03, "bm25_rank": 1, "bm25_score": 15.7183,
    "dense_rank": None, "dense_score": 0.2938, "positive_similarity": 0.5,
    "owner_query_similarity": None, "same_parent": None, "contains_answer": None,
    "judge_verdict": None, "positive_score": 0.3, "kept": False, "reason": "near_duplicate_of_positive",
    "suspected": None, "neighbours": None,
    "text": "Blood pressure and incidence of " + "very " * 40 + "long texts",
}  # fmt: skip


def shown(width, *rows):
    rows = [BASE | {"doc_id": f"a-long-document-id-{n}"} | row for n, row in enumerate(rows)]
    found = {"query_id": "q", "text": "claim", "columns": list(BASE), "rows": rows, "risk": None}
    target = io.StringIO()
    Console(file=target, width=width).print(explanation(found, 0, width))
    return target.getvalue()


@pytest.mark.parametrize("width", [40, 50, 80, 100, 160])
def test_ids_scores_reasons_and_some_text_are_there_at_any_width(width):
    told = shown(width, {}, {"kept": True, "reason": None, "rank": 27})
    for piece in ("a-long-document-id-0", "a-long-document-id-1", "15.7183 (1)", "0.2938 (-)"):
        assert piece in told
    for piece in ("near_duplicate_of_positive", "kept", "Blood pressure", "2 rows, 1 kept"):
        assert piece in told
    assert "long texts" not in told
    assert max(map(len, told.splitlines())) <= width


def test_a_wide_console_has_one_line_for_each_candidate():
    lines = shown(160, {}, {}).splitlines()
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "similarity", "to nearest", "rank doc_id bm25 (rank) dense (rank) positive verdict text"
    ]  # fmt: skip
    assert len(lines) == 7
    assert len(shown(60, {}, {}).splitlines()) == 10  # the scores take two lines


@pytest.mark.parametrize("width", [50, 160])
def test_what_rules_read_is_shown_where_it_has_a_value(width):
    plain = shown(width, {})
    for word in ("judge", "it answers", "parent", "contains"):
        assert word not in plain
    said = {
        "judge_verdict": "abstained",
        "owner_query_similarity": 0.876,
        "same_parent": True,
        "contains_answer": False,
    }
    told = " ".join(shown(width, said, {}).split())
    for piece in ("judge", "says", "abstained", "it answers", "0.88", "parent", "yes", "contains"):
        assert piece in told
