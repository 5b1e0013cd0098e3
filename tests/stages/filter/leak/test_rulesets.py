"""The rows of `leak`: no rule, every rule that is on alone, all rules."""

import pytest

from negmine.config.settings import FilterSettings
from negmine.stages.filter.leak.rulesets import ALL, NONE, rulesets
from negmine.stages.filter.rules import RULES
from tests.stages.filter.rules.examples import EXAMPLES

ALWAYS = [rule.name for rule in RULES if rule.always_on]
SETTINGS = FilterSettings(
    score="rerank", unscored="drop", no_risk=True, skip_top=3, near_duplicate=0.9, iqr=1.5,
    relative_margin=0.1, guide_model=("a", "b"), guide_margin=0.2, max_risk=0.3,
)  # fmt: skip


def on(settings):
    """Return the names of the rules that are on."""
    return [rule.name for rule in RULES if rule.is_on(settings)]


def test_there_is_a_row_for_every_rule_that_is_on_in_the_order_of_the_table():
    assert list(rulesets(SETTINGS)) == [
        NONE, "near_duplicate_of_positive", "in_skipped_top", "too_close_to_positive", "score_outlier",
        "too_risky", "suspected_by_guide", ALL,
    ]  # fmt: skip
    assert list(rulesets(FilterSettings(no_near_duplicate=True))) == [NONE, ALL]


def test_a_setting_of_a_rule_that_is_off_makes_no_row():
    off = FilterSettings(no_near_duplicate=True, guide_margin=0.1, no_relative_margin=True)
    assert list(rulesets(off)) == [NONE, ALL]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_alone_a_rule_is_as_it_is_with_all_the_others(example):
    """`not_scored` comes with the rules that read scores, and is no row of its own."""
    settings = example.filter.model_copy(update={"no_near_duplicate": True})
    if example.rule == "near_duplicate_of_positive":
        settings = example.filter
    rows = rulesets(settings)
    assert rows[ALL] == settings
    assert on(rows[NONE]) == ALWAYS
    for name in set(rows) - {NONE, ALL}:
        rule = next(rule for rule in RULES if rule.name == name)
        assert set(on(rows[name])) - {"not_scored", *ALWAYS} == {*_with(rule)}
        assert str(rule.expression(rows[name])) == str(rule.expression(settings))
    if example.rule not in (*ALWAYS, "not_scored"):
        assert example.rule in rows


def _with(rule):
    """Return the names of the rules that the same model switches on."""
    return {one.name for one in RULES if one is rule or (rule.models and one.models == rule.models)}


def test_no_rule_keeps_what_all_rows_have_in_common():
    nothing = rulesets(SETTINGS)[NONE]
    assert (nothing.score, nothing.unscored) == ("rerank", "drop")
    assert nothing.guide_model == ()
