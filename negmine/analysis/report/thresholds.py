"""Which thresholds are in force, and whose score each of them reads."""

from __future__ import annotations

import re

from negmine.config.settings import FilterSettings

_OF_DECIDING = (
    "relative_margin", "absolute_margin", "max_score", "min_score", "max_percentile", "above_positive", "iqr",
)  # fmt: skip
_GUIDE = re.compile(r"guide(_\d+)?")


def thresholds(rules: FilterSettings, scorer: str) -> dict[str, float]:
    """Return setting to limit of the rules in force that read this scorer's score.

    rules: with numbers in place of words (rooms/limits.applied).
    """
    names = list(_OF_DECIDING) if scorer == rules.score else []
    if scorer == "risk":
        names.append("max_risk")
    if _GUIDE.fullmatch(scorer):
        names.append("guide_margin")
    found = {name: getattr(rules, name) for name in names}
    return {name: float(limit) for name, limit in found.items() if isinstance(limit, int | float)}
