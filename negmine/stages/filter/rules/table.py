"""The table of rules, in the order they are tried, and what follows from it.

The first rule that fires gives a candidate its reason. A rule never deletes a row.
"""

from __future__ import annotations

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.stages.filter.risk.signals import LIKENESSES, LOG_RATIO, OF_SCORES
from negmine.stages.filter.rules import documents, opinions, thresholds
from negmine.stages.filter.rules.rule import ANCHOR, SCORE, Rule, passed, score_of


def not_scored(settings: FilterSettings) -> pl.Expr | None:
    """The candidate, or every positive of the query, lacks a score that a rule in force reads."""
    if settings.unscored == "keep":
        return None
    needs = needed(settings)
    missing = [pl.col(f"{name}_score").is_null() for name in scored_signals(settings)]
    if SCORE in needs:
        missing.append(score_of(settings).is_null())
    if ANCHOR in needs:
        missing.append(pl.col("positive_score").is_null())
    return pl.any_horizontal(missing) if missing else None


NOT_SCORED = Rule("not_scored", ("unscored",), not_scored, suspects=True)
RULES: tuple[Rule, ...] = (*documents.RULES, NOT_SCORED, *thresholds.RULES, *opinions.RULES)

REASONS: tuple[str, ...] = tuple(rule.name for rule in RULES)
VERDICT_SETTINGS = {"score", "judged_negatives", "anchor"}.union(*(rule.settings for rule in RULES))
"""The settings in the fingerprint of `verdicts`. Artifacts that `verdicts` reads have their own."""
SWEEPABLE = {setting: rule for rule in RULES for setting in rule.sweepable}
"""The settings that `sweep` can vary, with their rules."""


def reason(settings: FilterSettings) -> pl.Expr:
    """Return the column `reason`: the name of the first rule that fires, or null."""
    expressions = ((rule.name, fires(rule, settings)) for rule in RULES)
    fired = [pl.when(drops).then(pl.lit(name)) for name, drops in expressions if drops is not None]
    return pl.coalesce(fired).cast(pl.String).alias("reason")


def fires(rule: Rule, settings: FilterSettings) -> pl.Expr | None:
    """Return where a rule drops a row, never null; None where the rule is off."""
    expression = rule.expression(settings)
    if expression is None:
        return None
    drops = expression.fill_null(False)
    return drops & ~passed(settings) if rule.suspects else drops


def needed(settings: FilterSettings) -> frozenset[str]:
    """Return what the rules in force need beside the columns of `candidates` (see rule.py)."""
    # Only rules that need something are asked whether they are on: `not_scored` asks this function.
    return frozenset(
        need for rule in RULES if rule.needs and rule.is_on(settings) for need in rule.needs
    )


def turned_off(settings: FilterSettings) -> FilterSettings:
    """Return the settings with every rule off that can be off. What is no rule of its own stays."""
    off = {name: value for rule in RULES for name, value in rule.off.items()}
    stays = {
        name: getattr(settings, name)
        for name in ("score", "unscored", "judged_negatives", "anchor")
    }
    return FilterSettings(**stays, **off)


def scored_signals(settings: FilterSettings) -> list[str]:
    """Return whose scores the signals of `max_signal` are made of: rerank for rerank_z=2."""
    limited = [limit.partition("=")[0] for limit in settings.max_signal]
    scorers = (
        name.removesuffix(ending)
        for name in limited
        for ending in OF_SCORES
        if name.endswith(ending) and not name.endswith(LOG_RATIO)
    )
    return sorted(set(scorers) - set(LIKENESSES))
