"""The table of rules: what an entry says is what the rule does."""

from typing import ClassVar

import polars as pl
import pytest

from negmine.config.settings import FilterSettings
from negmine.stages.filter.risk import signals
from negmine.stages.filter.rules import (
    REASONS,
    RULES,
    SIGNALS,
    SWEEPABLE,
    VERDICT_SETTINGS,
    needed,
    reason,
    table,
    turned_off,
)
from negmine.stages.filter.rules.rule import GUIDE, JUDGE, RISK, SCORE
from negmine.stages.filter.rules.table import scored_signals
from tests.stages.filter.rules.deciding import decide, kept
from tests.stages.filter.rules.examples import EXAMPLES, half

BY_NAME = {rule.name: rule for rule in RULES}
by_rule = pytest.mark.parametrize("rule", RULES, ids=REASONS)
by_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
# Always there, whatever rules are on: columns of `candidates`, and what stages/filter/compute.py adds.
EVIDENCE = signals.Evidence(["bm25", "dense"], has_vectors=True, sums=["bm25"])
ALWAYS = {
    "contaminated",
    "query_id",
    "label",
    "rank",
    "same_text_as_positive",
    "same_text_as_query",
}
COLUMNS = {SCORE: "dense_score", RISK: "risk_score", GUIDE: "guide_score", JUDGE: "judge_verdict"}


def fires(rule, example):
    """Return where a rule fires on the rows of an example."""
    expression = rule.expression(example.filter)
    return example.rows.select(fires=expression.fill_null(False))["fires"].to_list()


def examples_of(rule):
    return [example for example in EXAMPLES if example.rule == rule.name]


@by_rule
def test_every_rule_has_a_worked_example_where_it_fires_and_one_where_it_does_not(rule):
    outcomes = {fired for example in examples_of(rule) for fired in example.fires}
    assert outcomes == {True, False}, (
        f"tests/stages/filter/rules/examples.py: an example of {rule.name}"
    )


@by_example
def test_a_worked_example_comes_out(example):
    rule = BY_NAME[example.rule]
    assert rule.is_on(example.filter)
    assert fires(rule, example) == example.fires


@by_example
def test_a_rule_that_fires_gives_the_reason(example):
    decided = example.rows.select(reason(example.filter))["reason"]
    assert [one == example.rule for one in decided] == example.fires


@by_rule
def test_a_rule_is_named_after_its_function_which_says_in_a_sentence_when_it_fires(rule):
    assert rule.name == rule.expression.__name__
    first = rule.expression.__doc__.split("\n\n")[0]
    assert first.startswith(("The ", "One ", "A ", "People ")) and first.endswith(".")


def test_every_reason_is_there_once():
    assert len(set(REASONS)) == len(RULES)


class Recording(FilterSettings):
    """Settings that record which of them are read."""

    read: ClassVar[set[str]] = set()

    def __getattribute__(self, name):
        if name in FilterSettings.model_fields:
            Recording.read.add(name)
        return super().__getattribute__(name)


@by_rule
def test_a_rule_reads_the_settings_that_its_entry_names_and_no_others(rule):
    """What an entry leaves out would change verdicts without making them stale."""
    Recording.read.clear()
    for example in examples_of(rule):
        rule.expression(Recording(**dict(example.filter)))
    named = {*rule.settings, *rule.models}
    if rule.name == "not_scored":  # reads what the others read
        named |= VERDICT_SETTINGS | {name for one in RULES for name in one.models}
    assert Recording.read - {"score"} <= named
    assert {name for name in rule.settings if not name.startswith("no_")} <= Recording.read
    assert not rule.models or Recording.read.intersection(rule.models)
    assert named <= FilterSettings.model_fields.keys()


def test_gates_and_budgets_shape_no_verdict_and_models_have_artifacts_of_their_own():
    others = {"max_leak", "min_yield", "min_hardness", "max_dropped", "judge_model", "judge_budget"}
    assert VERDICT_SETTINGS.isdisjoint(others)
    assert {"score", "unscored", "no_risk", "guide_margin"} <= VERDICT_SETTINGS


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.name != "not_scored"], ids=lambda rule: rule.name
)
def test_a_rule_reads_the_columns_that_its_entry_needs_and_no_others(rule):
    """What an entry leaves out would not be there to be read."""
    expressions = [rule.expression(example.filter) for example in examples_of(rule)]
    columns = {name for expression in expressions for name in expression.meta.root_names()}
    named = {COLUMNS.get(need, need) for need in rule.needs}
    known = set(signals.limited(EVIDENCE)) if SIGNALS in rule.needs else set()
    assert columns <= ALWAYS | named | known
    if {SIGNALS, RISK}.isdisjoint(
        rule.needs
    ):  # signals, and so the risk, are made of what they need
        assert named <= columns


@by_rule
def test_what_is_always_on_has_no_switch_and_the_rest_can_be_off(rule):
    assert rule.is_on(turned_off(FilterSettings(score="dense"))) is rule.always_on
    assert not (rule.always_on and (rule.settings or rule.models))


def test_rules_are_off_by_default_but_for_near_duplicates():
    on = [rule.name for rule in RULES if rule.is_on(FilterSettings(score="dense"))]
    always = [rule.name for rule in RULES if rule.always_on]
    assert on == [*always, "near_duplicate_of_positive"]


@pytest.mark.parametrize("setting", SWEEPABLE)
def test_the_stricter_value_of_a_setting_drops_more(setting):
    """Every setting that can be swept is in a worked example; half of its value is stricter, or milder."""
    rule = SWEEPABLE[setting]
    assert setting in rule.settings
    changed = False
    for one, halved in half(setting):
        mild, strict = (one, halved) if rule.sweepable[setting] == "lower" else (halved, one)
        pairs = list(zip(fires(rule, mild), fires(rule, strict), strict=True))
        assert not any(before and not after for before, after in pairs)
        changed |= any(before != after for before, after in pairs)
    assert changed, f"tests/stages/filter/rules/examples.py: an example of {setting}"


@by_rule
def test_lines_of_the_report_are_numbers_among_the_settings(rule):
    assert set(rule.lines) <= set(rule.settings)
    values = [example.settings[name] for example in examples_of(rule) for name in rule.lines]
    assert all(isinstance(value, float) for value in values)


def test_a_margin_that_becomes_a_number_later_is_on():
    assert needed(FilterSettings(score="dense", relative_margin="auto")) >= {SCORE}
    with pytest.raises(ValueError, match="auto"):
        reason(FilterSettings(score="dense", relative_margin="auto"))


def test_what_the_rules_in_force_need():
    off = turned_off(FilterSettings(score="dense"))
    assert needed(off) == set()
    assert needed(FilterSettings()) == {"positive_similarity"}
    risky = needed(off.model_copy(update={"max_risk": 0.1}))
    assert risky == {RISK, *signals.LIKENESS, *signals.OF_VECTORS}
    assert needed(off.model_copy(update={"max_signal": ("dense_z=1",)})) == risky - {RISK} | {
        SIGNALS
    }


def test_the_first_rule_that_fires_gives_the_reason():
    decided = decide(
        [0.9, 0.9, 0.9, 0.9, 0.9, 0.1],
        keys={"d0": b"p0".ljust(16), "d1": b"q" * 16},
        about={"positive_similarity": [1.0, 1.0, 1.0, 0.96, 0.9, 0.1, 0.1]},
        skip_top=5,
        max_score=0.85,
        min_score=0.2,
        relative_margin=0.05,
    )
    assert decided["reason"].to_list() == [
        "is_positive",
        "same_text_as_positive",
        "same_text_as_query",
        "near_duplicate_of_positive",
        "in_skipped_top",
        "above_max_score",
        "below_min_score",
    ]


# -- candidates without a score -----------------------------------------------------------------


def test_a_candidate_without_a_score_is_not_taken_for_safe():
    decided = decide([None, 0.1], relative_margin=0.05)
    assert decided["reason"].to_list() == ["is_positive", "not_scored", None]
    assert decide([None])["kept"].to_list() == [False, True]


def test_a_query_whose_positives_have_no_score_keeps_nothing_under_a_margin():
    decided = decide([0.1], positive=(None,), relative_margin=0.05)
    assert decided["reason"].to_list() == ["is_positive", "not_scored"]
    assert kept([0.1], positive=(None,), max_score=0.5) == ["d0"]


def test_what_the_reranker_did_not_score_is_dropped_unless_told_otherwise():
    opinions = {"rerank": [0.9, 0.1, None]}
    settings = {"score": "rerank", "relative_margin": 0.05}
    decided = decide([0.1] * 2, opinions=opinions, **settings)
    assert decided["reason"].to_list() == ["is_positive", None, "not_scored"]
    assert decided["rerank_rank"].to_list() == [1, 2, None]
    assert kept([0.1] * 2, opinions=opinions, unscored="keep", **settings) == ["d0", "d1"]


def test_a_signal_of_a_score_that_is_missing_is_not_safe():
    opinions = {"rerank": [1.0, 0.2, None]}
    differences = {"rerank_difference": [0.0, -0.8, None]}
    for unscored, expected in (("drop", ["d0"]), ("keep", ["d0", "d1"])):
        settings = {"max_signal": ("rerank_difference=0",), "unscored": unscored}
        assert kept([0.5, 0.4], opinions=opinions, signals=differences, **settings) == expected


def test_a_likeness_that_cannot_be_told_is_no_missing_score():
    assert scored_signals(FilterSettings(max_signal=("positive_similarity_z=1",))) == []
    sums = ("bm25_log_ratio=1", "own_log_ratio=1")  # of any retriever whose scores are sums
    assert scored_signals(FilterSettings(max_signal=sums)) == []
    limits = ("bm25_log_ratio=1", "owner_query_similarity=0.5", "dense_z=1", "guide_2_gap=0")
    assert scored_signals(FilterSettings(max_signal=limits)) == ["dense", "guide_2"]


def test_reasons_are_text():
    assert decide([0.1])["reason"].dtype == pl.String


@by_example
@pytest.mark.parametrize("judged_negatives", ["first", "allow", "ignore"])
def test_rules_that_suspect_do_not_drop_what_people_judged_not_relevant(example, judged_negatives):
    """Rules about labels are the exception: a judged negative has no other label."""
    if "label" in example.columns:
        return
    rule = BY_NAME[example.rule]
    settings = example.filter.model_copy(update={"judged_negatives": judged_negatives})
    rows = example.rows.with_columns(label=pl.lit("judged_negative"))
    dropped = rows.select(fires=table.fires(rule, settings))["fires"].to_list()
    spared = rule.suspects and judged_negatives != "ignore"
    if spared:
        assert not any(dropped)
    elif rule.name != "score_outlier":  # its pool has other members then
        assert (
            dropped == rows.select(rule.expression(settings).fill_null(False)).to_series().to_list()
        )


def test_copies_are_no_suspicion_and_neither_is_what_is_too_easy():
    suspects = {rule.name for rule in RULES if rule.suspects}
    assert set(REASONS) - suspects == {
        "is_positive", "partly_relevant", "same_text_as_positive", "same_text_as_query",
        "near_duplicate_of_positive", "below_min_score", "contaminated",
    }  # fmt: skip


def test_the_judge_saying_not_relevant_counts_behind_people():
    rows = EXAMPLES[0].rows.head(1).select(pl.exclude("label", "judge_verdict", "dense_score"))
    settings = FilterSettings(score="dense", max_score=0.1, judge_url="u", judge_model="m")
    labels = ["unlabeled", "unlabeled", "judged_negative"]
    verdicts = ["not_relevant", "relevant", "relevant"]
    three = pl.concat([rows] * 3).with_columns(
        pl.Series("label", labels), pl.Series("judge_verdict", verdicts), dense_score=pl.lit(0.9)
    )
    assert three.select(reason(settings))["reason"].to_list() == [None, "above_max_score", None]
