"""The report: what `--json` prints and `negmine.lint` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from negmine.analysis.lint.examples import Example, located
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.read.batches import TrainingFile
from negmine.analysis.lint.rules import RULES


def make_report(
    files: Sequence[TrainingFile],
    findings: Findings,
    totals: Mapping[str, int],
    examples: Mapping[str, list[Example]],
) -> dict[str, Any]:
    """Return files, totals and rules; every rule is there, whatever was found or checked."""
    return {
        "files": [_file(file) for file in files],
        "totals": totals,
        "rules": [_rule(name, findings, totals, files, examples) for name in RULES],
    }


def _file(file: TrainingFile) -> dict[str, Any]:
    shape = file.shape
    return {
        "file": file.name,
        "rows": file.rows,
        "shape": shape.name if shape else None,
        "columns": shape.roles() if shape else {},
        "ignored": list(shape.ignored) if shape else [],
        "provenance": str(file.provenance) if file.provenance else None,
    }


def _rule(
    name: str,
    findings: Findings,
    totals: Mapping[str, int],
    files: Sequence[TrainingFile],
    examples: Mapping[str, list[Example]],
) -> dict[str, Any]:
    rule = RULES[name]
    count, total = findings.counts[name], totals.get(rule.unit, 1)
    return {
        "rule": name,
        "level": rule.level,
        "meaning": rule.meaning(is_all=0 < count == total),
        "checked": name not in findings.unchecked,
        "why_not": findings.unchecked.get(name),
        "count": count,
        "unit": rule.unit,
        "of": total,
        "share": findings.shares.get(name, count / total if total else 0.0),
        "rows": [located(row, files) for row in findings.first(name)["row"]],
        "more_rows": findings.has_more(name),
        "about": findings.statistics[name],
        "examples": examples.get(name, []),
    }
