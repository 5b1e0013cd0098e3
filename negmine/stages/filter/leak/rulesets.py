"""Which settings belong to which rule, so that a rule can be tried alone."""

from __future__ import annotations

from negmine.config.settings import FilterSettings

FIELDS: dict[str, tuple[str, ...]] = {
    "near_duplicate_of_positive": ("near_duplicate", "no_near_duplicate"),
    "same_parent_as_positive": ("same_parent",),
    "contains_answer": ("contains_answer",),
    "in_skipped_top": ("skip_top",),
    "above_max_score": ("max_score",),
    "below_min_score": ("min_score",),
    "too_close_to_positive": ("absolute_margin", "relative_margin"),
    "above_percentile": ("max_percentile",),
    "above_positive": ("above_positive",),
    "score_outlier": ("iqr",),
    "owned_by_similar_query": ("owner_query",),
    "above_max_signal": ("max_signal",),
    "too_risky": ("max_risk",),
    "suspected_by_guide": ("guide_model", "guide_margin", "guide_margin_type"),
}
"""The rules that can be off, by name, with their settings; in the order they are tried."""

NONE, ALL = "no rule", "all rules"


def bare(rules: FilterSettings) -> FilterSettings:
    """Return settings under which only what is always on is on."""
    return FilterSettings(score=rules.score, unscored=rules.unscored, no_near_duplicate=True)


def alone(rules: FilterSettings, name: str) -> FilterSettings:
    """Return `bare` rules with the one rule as `rules` have it."""
    return bare(rules).model_copy(update={field: getattr(rules, field) for field in FIELDS[name]})


def rulesets(rules: FilterSettings) -> dict[str, FilterSettings]:
    """Return no rule, every rule that is on alone, and all of them, by name."""
    nothing = bare(rules)
    single = {name: alone(rules, name) for name in FIELDS}
    on = {name: chosen for name, chosen in single.items() if chosen != nothing}
    return {NONE: nothing, **on, ALL: rules}
