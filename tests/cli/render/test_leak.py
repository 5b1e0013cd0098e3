"""How `leak` looks: every number has its base, in words."""

import io

import pytest
from rich.console import Console

from negmine.cli.render.leak import leak

RULE = {
    "rules": "all rules", "leak": 0.0, "leak_low": 0.0, "leak_high": 0.0162, "leaked": 0, "selected": 226,
    "yield": 1.0, "hardness": 0.46, "mean_rank": 16.2, "judged_negatives": 0, "specificity": None,
}  # fmt: skip
MEASURED = {
    "hidden": 44, "queries": 38, "hidden_found": 40, "queries_left_out": 7,
    "rules": [RULE | {"rules": "no rule", "leaked": 12, "leak": 0.0531}, RULE],
    "caught": {"too_risky": 8},
    "cost": {"unlabeled_removed": 4, "unlabeled": 100, "judged_negatives_removed": 0, "judged_negatives": 0},
    "by_rank": [
        {"retriever": "bm25", "ranks": "1-5", "candidates": 91, "hidden": 22, "selected": 1, "leaked": 0}
    ],
    "notes": ["A lower bound."],
}  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_leak_of_zero_is_told_with_its_base_at_every_width(width):
    target = io.StringIO()
    Console(file=target, width=width).print(leak(MEASURED, width))
    text = " ".join(target.getvalue().split())
    assert "0 of 226 negatives of 38 queries are hidden positives" in text
    assert "at most 0.0162" in text
    assert "12 of 226" in text
    assert "44 positives of 38 queries were hidden; 40 of them were retrieved again." in text
    assert "too_risky 8" in text
    assert "judged negatives" not in text
    assert "specificity" not in text
    assert max(len(line.rstrip()) for line in target.getvalue().splitlines()) <= width


@pytest.mark.parametrize("width", [60, 120])
def test_where_people_judged_negatives_each_rule_has_its_specificity(width):
    rules = [rule | {"judged_negatives": 20, "specificity": 0.85} for rule in MEASURED["rules"]]
    target = io.StringIO()
    Console(file=target, width=width).print(leak(MEASURED | {"rules": rules}, width))
    assert "specificity" in target.getvalue()
    assert target.getvalue().count("0.85") == 2
