"""How far numbers moved: mean and percentiles of B minus A, in memory that does not grow with the rows.

Differences are counted by value, rounded to three significant digits, so that a hundred million rows
become some ten thousand counts. Mean and number of changed rows are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

PERCENTILES = {"p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
_DIGITS = 3


@dataclass
class Shift:
    """The shifts of one number, added up part by part."""

    rows: int = 0
    changed: int = 0
    only_a: int = 0
    only_b: int = 0
    total: float = 0.0
    counts: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"value": pl.Float64, "rows": pl.UInt64})
    )

    def add(self, a: pl.Series, b: pl.Series) -> None:
        """Add rows: A's number and B's, null where there is none."""
        both = a.is_not_null() & b.is_not_null()
        self.only_a += int((a.is_not_null() & b.is_null()).sum())
        self.only_b += int((a.is_null() & b.is_not_null()).sum())
        moved = (b.filter(both).cast(pl.Float64) - a.filter(both).cast(pl.Float64)).alias("value")
        self.rows += len(moved)
        self.changed += int((moved != 0).sum())
        self.total += float(moved.sum())
        new = moved.round_sig_figs(_DIGITS).to_frame().group_by("value").agg(rows=pl.len())
        both_counts = pl.concat([self.counts, new.cast({"rows": pl.UInt64})])
        self.counts = both_counts.group_by("value").agg(pl.col("rows").sum()).sort("value")

    @property
    def differs(self) -> bool:
        """Whether a number moved, came or went."""
        return bool(self.changed or self.only_a or self.only_b)

    def summary(self) -> dict[str, Any]:
        """Return rows, changed, only_a, only_b, mean and percentiles; null where no row has both."""
        measured = self.rows > 0
        return {
            "rows": self.rows,
            "changed": self.changed,
            "only_a": self.only_a,
            "only_b": self.only_b,
            "mean": digits(self.total / self.rows) if measured else None,
            **{
                n: percentile(self.counts, share) if measured else None
                for n, share in PERCENTILES.items()
            },
        }


def percentile(counts: pl.DataFrame, share: float) -> float:
    """Return a percentile of counted values (value, rows; sorted, not empty).

    Between two values where the count falls between them, as Hyndman and Fan (1996) number 2: so the
    percentiles of A minus B are those of B minus A, mirrored.
    """
    upto = counts["rows"].cum_sum().cast(pl.Float64)
    wanted = share * float(upto[-1])
    low = counts["value"].filter(upto >= wanted - 1e-6)[0]
    high = counts["value"].filter(upto > wanted + 1e-6)
    return digits((low + (high[0] if len(high) else low)) / 2)


def digits(value: float) -> float:
    """Return a number with six significant digits, and no minus before a zero."""
    return float(f"{value:.6g}") + 0.0


def digits_or_none(value: float | None) -> float | None:
    """Return a number with six significant digits, or None for none."""
    return None if value is None else digits(value)
