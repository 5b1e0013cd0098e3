"""What a line of the table found: its sides, its targets, and what else is worth knowing."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.speed.measure import summary

BETTER = {"at most": operator.le, "under": operator.lt, "at least": operator.ge}


@dataclass(frozen=True)
class Setup:
    """Where to work, how often to run, and whether this is only a smoke test."""

    work: Path
    runs: int = 3
    small: bool = False
    sizes: dict[str, int] = field(default_factory=dict)

    def size(self, name: str, full: int, small: int) -> int:
        """Return a size: as asked on the command line, else by whether this is a smoke test."""
        return self.sizes.get(name) or (small if self.small else full)


def sides(found: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Return the summary of every side's runs, and the runs themselves."""
    return {name: {**summary(runs), "all": runs} for name, runs in found.items()}


def ratio(ours: dict[str, Any], theirs: dict[str, Any], key: str = "seconds") -> dict[str, float]:
    """Return the ratio of two medians, and the least and most of the runs that stood side by side."""
    pairs = [a[key] / b[key] for a, b in zip(ours["all"], theirs["all"], strict=True)]
    return {"value": ours[key] / theirs[key], "least": min(pairs), "most": max(pairs)}


def target(
    name: str, found: float | dict[str, float], better: str, limit: float, unit: str = "x"
) -> dict[str, Any]:
    """Return one thing to reach, with what was measured: a number, or what `ratio` returns."""
    measured = found if isinstance(found, dict) else {"value": found}
    met = bool(BETTER[better](measured["value"], limit))
    return {"name": name, **measured, "better": better, "limit": limit, "unit": unit, "met": met}


def record(
    what: str,
    sides: dict[str, Any] | None = None,
    targets: list[dict[str, Any]] | None = None,
    facts: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the record of one line."""
    return {"what": what, "sides": sides or {}, "targets": targets or [], "facts": facts or {}}
