"""The report: what `--json` prints and `negmine.lint` returns."""

from __future__ import annotations

from typing import Any

from negmine.analysis.lint.examples import place
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.read.batches import File
from negmine.analysis.lint.rules import RULES


def report(
    files: list[File],
    findings: Findings,
    totals: dict[str, int],
    examples: dict[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    """Return files, totals and rules; every rule is there, found or not, checked or not."""
    return {
        "files": [_file(file) for file in files],
        "totals": totals,
        "rules": [_rule(name, findings, totals, files, examples) for name in RULES],
    }


def _file(file: File) -> dict[str, Any]:
    shape = file.shape
    return {
        "file": str(file.path),
        "rows": file.rows,
        "shape": shape.name if shape else None,
        "columns": shape.roles() if shape else {},
        "ignored": list(shape.ignored) if shape else [],
        "provenance": str(file.provenance) if file.provenance else None,
    }


def _rule(
    name: str,
    findings: Findings,
    totals: dict[str, int],
    files: list[File],
    examples: dict[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    level, unit = RULES[name].level, RULES[name].unit
    count, total = findings.counts[name], totals.get(unit, 1)
    share = findings.shares.get(name, count / total if total else 0.0)
    return {
        "rule": name,
        "level": level,
        "meaning": RULES[name].meaning,
        "checked": name not in findings.unchecked,
        "why_not": findings.unchecked.get(name),
        "count": count,
        "unit": unit,
        "of": total,
        "share": share,
        "rows": [place(row, files) for row in findings.first(name)["row"]],
        "more_rows": findings.more(name),
        "about": findings.about[name],
        "examples": examples.get(name, []),
    }
