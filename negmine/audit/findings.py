"""What was found: per rule a count, the first rows, and numbers about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from negmine.audit.rules import RULES

_SCHEMA = {"row": pl.Int64, "slot": pl.Int64, "other": pl.Int64}
Totals = dict[str, int]


class Findings:
    """Collects findings; keeps counts and the first `keep` rows of each rule, whatever their number."""

    def __init__(self, keep: int, everything: Path | None = None) -> None:
        """Take how many to keep, and a Parquet file to write all of them to."""
        self._keep, self._everything = keep, everything
        self._writer: pq.ParquetWriter | None = None
        self.counts = dict.fromkeys(RULES, 0)
        self.about: dict[str, dict[str, Any]] = {rule: {} for rule in RULES}
        self.shares: dict[str, float] = {}  # where it is not count / total of the unit
        self.unchecked: dict[str, str] = {}  # rule to why
        self._first = {rule: pl.DataFrame(schema=_SCHEMA) for rule in RULES}

    def add(self, rule: str, rows: pl.DataFrame, count: int | None = None) -> None:
        """Take in findings: row, and where they make sense slot (of the negative) and other (row).

        count: how many these are, where it is not one a row.
        """
        self.counts[rule] += rows.height if count is None else count
        if not rows.height:
            return
        known = [
            (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
            for name, kind in _SCHEMA.items()
        ]
        told = rows.select(known)
        if self._everything is not None:
            self._write(rule, told)
        both = pl.concat([self._first[rule], told])
        self._first[rule] = (
            both.unique(["row", "slot"], keep="any")
            .sort("row", "slot", "other", nulls_last=True)
            .head(self._keep)
        )

    def _write(self, rule: str, rows: pl.DataFrame) -> None:
        named = rows.select(pl.lit(rule).alias("rule"), *_SCHEMA)
        table = named.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._everything, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file of all findings."""
        if self._writer is not None:
            self._writer.close()

    def first(self, rule: str) -> pl.DataFrame:
        """Return the first findings of a rule, by row: row, slot?, other?."""
        return self._first[rule]
