"""What the rules find: per rule a count, the first rows, and statistics."""

from __future__ import annotations

from typing import Any

import polars as pl

from negmine.analysis.lint.findings_file import FindingsFile
from negmine.analysis.lint.places import FINDING
from negmine.analysis.lint.rules import RULES


class Findings:
    """Collects findings; keeps counts and the first `keep` rows of each rule, whatever their number.

    counts: rule to number of findings. shares: rule to share, where it is not count / total of the unit.
    statistics: rule to numbers about it (`about` in the report). unchecked: rule to the reason why it was not
    checked.
    """

    def __init__(self, keep: int, file: FindingsFile | None = None) -> None:
        self._keep, self._file = keep, file
        self.counts = dict.fromkeys(RULES, 0)
        self.statistics: dict[str, dict[str, Any]] = {rule: {} for rule in RULES}
        self.shares: dict[str, float] = {}
        self.unchecked: dict[str, str] = {}
        self._first = {rule: pl.DataFrame(schema=FINDING) for rule in RULES}

    def add(self, rule: str, rows: pl.DataFrame, count: int | None = None) -> None:
        """Take in findings: `row`, and where they make sense `slot` (of the negative) and `other` (a row).

        count: how many findings these are, where it is not one a row.
        """
        self.counts[rule] += rows.height if count is None else count
        if not rows.height:
            return
        findings = rows.select(
            (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
            for name, kind in FINDING.items()
        )
        if self._file is not None:
            self._file.write(rule, findings)
        self._first[rule] = (
            pl.concat([self._first[rule], findings])
            .sort("row", "slot", "other", nulls_last=True)
            .unique("row", keep="first", maintain_order=True)
            .head(self._keep + 1)
        )

    def first(self, rule: str) -> pl.DataFrame:
        """Return the first finding of each of the first rows, by row: row, slot?, other?."""
        return self._first[rule].head(self._keep)

    def has_more(self, rule: str) -> bool:
        """Return whether there are more rows than `first` returns."""
        return self._first[rule].height > self._keep
