"""The leak as the report has it: of every rule, and its curve over the threshold that matters most."""

from __future__ import annotations

from typing import Any

import numpy as np

from negmine.analysis.report.about import rounded
from negmine.analysis.report.schema import Leak, LeakPoint, LeakRule
from negmine.config.settings import FilterSettings

POINTS = 21


def grid(rules: FilterSettings) -> tuple[str, list[float], float | None]:
    """Return the threshold that the curve moves, its values, and the one that is in force.

    max_risk from 0.001 to 1, evenly in logarithms, where there is a risk; else relative_margin from 0 to 0.5.
    """
    if rules.max_risk is not None:
        values = [float(f"{v:.3g}") for v in np.geomspace(0.001, 1, POINTS)]
        return "max_risk", sorted({*values, rules.max_risk}), rules.max_risk
    values = [round(float(v), 4) for v in np.linspace(0, 0.5, POINTS)]
    margin = rules.relative_margin
    current = float(margin) if isinstance(margin, int | float) else None
    return "relative_margin", sorted({*values, *([] if current is None else [current])}), current


def told(found: dict[str, Any], setting: str, current: float | None) -> Leak:
    """Return the leak. found: of stages/filter/leak/measure.leak, with the cells of a sweep over `setting`."""
    return Leak(
        **{name: found[name] for name in _SAME},
        rules=[
            LeakRule(got=row["yield"], **{name: row[name] for name in _OF_RULE})
            for row in found["rules"]
        ],
        setting=setting,
        current=current,
        curve=[
            LeakPoint(
                value=row[setting],
                got=rounded(row["yield"]) or 0.0,
                **{name: rounded(row[name]) for name in _OF_POINT},
            )
            for row in found["cells"].sort(setting).iter_rows(named=True)
        ],
    )


_SAME = ("hide", "seed", "queries", "queries_left_out", "hidden", "hidden_found", "notes")
_OF_RULE = ("rules", "leak", "leak_low", "leak_high", "hardness", "sold", "selected")
_OF_POINT = ("leak", "leak_low", "leak_high", "hardness_z")
