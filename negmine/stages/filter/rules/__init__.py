"""The rules: which candidates are not used, and the one reason why. See table.py."""

from negmine.stages.filter.rules.opinions import judged_relevant, near_positives
from negmine.stages.filter.rules.rule import SIGNALS, Rule
from negmine.stages.filter.rules.table import (
    REASONS,
    RULES,
    SWEEPABLE,
    VERDICT_SETTINGS,
    fires,
    needed,
    reason,
    turned_off,
)
from negmine.stages.filter.rules.thresholds import anchor

__all__ = [
    "REASONS",
    "RULES",
    "SIGNALS",
    "SWEEPABLE",
    "VERDICT_SETTINGS",
    "Rule",
    "anchor",
    "fires",
    "judged_relevant",
    "near_positives",
    "needed",
    "reason",
    "turned_off",
]
