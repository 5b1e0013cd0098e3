"""Which thresholds are in force, and whose score each of them reads."""

from __future__ import annotations

from negmine.config.effective import guide_names
from negmine.config.settings import FilterSettings
from negmine.stages.filter.rules import RULES
from negmine.stages.filter.rules.rule import GUIDE, SCORE, Rule

LINES = frozenset(line for rule in RULES for line in rule.lines)
"""Thresholds that are a value of the score itself, so that a chart can draw a line there."""


def thresholds(settings: FilterSettings, scorer: str) -> dict[str, float]:
    """Return the limits in force that are compared with this scorer's score, by setting.

    settings: of `filter`, with numbers in place of `auto` (stages/filter/limits: applied).
    """
    values = {
        name: getattr(settings, name)
        for rule in RULES
        if _reads(rule, settings, scorer)
        for name in rule.settings
    }
    return {name: float(value) for name, value in values.items() if _is_number(value)}


def _reads(rule: Rule, settings: FilterSettings, scorer: str) -> bool:
    """Tell whether a rule reads a scorer: as the one that decides, as a guide, or by its name."""
    if scorer == settings.score and SCORE in rule.needs:
        return True
    return (GUIDE if scorer in guide_names(settings) else scorer) in rule.needs


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
