"""What was found: per rule a count, the first rows, and numbers about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from negmine.analysis.lint.rules import RULES
from negmine.errors import InputError

ROWS = 1 << 40  # a row is file * ROWS + its line or row number

_SCHEMA = {"row": pl.Int64, "slot": pl.Int64, "other": pl.Int64}
Totals = dict[str, int]


class Everything:
    """A Parquet file of all findings: rule, file, row, slot?, other_file?, other_row?.

    It appears under its name when it is complete.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        """Take the path and the names of the files. Raises InputError where it cannot be written."""
        self._path, self._unfinished = path, path.with_name(f"{path.name}.tmp")
        self._names = pl.Series("name", names, pl.String)
        empty = self._named("", pl.DataFrame(schema=_SCHEMA)).clear()
        schema = empty.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
        try:
            self._writer = pq.ParquetWriter(self._unfinished, schema)
        except OSError as error:
            raise InputError(f"--findings {path} cannot be written: {error.strerror}.") from error

    def write(self, rule: str, rows: pl.DataFrame) -> None:
        """Add findings: row, slot?, other?."""
        table = self._named(rule, rows).to_arrow(compat_level=pl.CompatLevel.oldest())
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
        self._unfinished.replace(self._path)

    def discard(self) -> None:
        """Leave no half of a file behind."""
        self._writer.close()
        self._unfinished.unlink(missing_ok=True)

    def _named(self, rule: str, rows: pl.DataFrame) -> pl.DataFrame:
        files = [self._names.gather(rows[name] // ROWS) for name in ("row", "other")]
        return rows.select(
            pl.lit(rule).alias("rule"),
            files[0].alias("file"),
            pl.col("row") % ROWS,
            "slot",
            files[1].alias("other_file"),
            (pl.col("other") % ROWS).alias("other_row"),
        )


class Findings:
    """Collects findings; keeps counts and the first `keep` rows of each rule, whatever their number."""

    def __init__(self, keep: int, everything: Everything | None = None) -> None:
        self._keep, self._everything = keep, everything
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
            self._everything.write(rule, told)
        both = pl.concat([self._first[rule], told])
        self._first[rule] = (
            both.sort("row", "slot", "other", nulls_last=True)
            .unique("row", keep="first", maintain_order=True)
            .head(self._keep + 1)
        )

    def first(self, rule: str) -> pl.DataFrame:
        """Return the first finding of each of the first rows, by row: row, slot?, other?."""
        return self._first[rule].head(self._keep)

    def more(self, rule: str) -> bool:
        """Say whether there are more rows than `first` returns."""
        return self._first[rule].height > self._keep
