"""Whether a text's length tells a positive from a negative."""

from __future__ import annotations

import numpy as np
import polars as pl

LEAST = 30  # positives, and negatives, below which nothing is said


class Lengths:
    """Counts of positives and negatives by length in characters."""

    def __init__(self) -> None:
        self._counts = pl.DataFrame(schema={"role": pl.UInt8, "chars": pl.UInt32, "len": pl.UInt32})

    def take(self, documents: pl.DataFrame) -> None:
        """Take in occurrences: role (1 positive, 2 negative), chars."""
        new = documents.group_by("role", "chars").len()
        both = pl.concat([self._counts.cast(new.schema), new])
        self._counts = both.group_by("role", "chars").agg(pl.col("len").sum())

    def about(self) -> dict[str, float | int | None]:
        """Return auc (None where there are too few) and the medians."""
        by_role = [self._counts.filter(pl.col("role") == role) for role in (1, 2)]
        counts = [rows["len"].sum() for rows in by_role]
        auc = None
        if min(counts) >= LEAST:
            table = (
                by_role[0]
                .select("chars", positives="len")
                .join(
                    by_role[1].select("chars", negatives="len"),
                    on="chars",
                    how="full",
                    coalesce=True,
                )
                .fill_null(0)
                .sort("chars")
            )
            auc = area(table["positives"].to_numpy(), table["negatives"].to_numpy())
        medians = [_median(rows) for rows in by_role]
        return {"auc": auc, "median_positive": medians[0], "median_negative": medians[1]}


def area(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Return P(positive > negative) + P(equal) / 2, which is Mann and Whitney's U / (n m).

    positives, negatives: counts [values], by rising value.
    """
    p, n = positives.astype(np.float64), negatives.astype(np.float64)
    below = np.cumsum(n) - n
    return float((p * (below + n / 2)).sum() / (p.sum() * n.sum()))


def _median(rows: pl.DataFrame) -> int | None:
    if not rows.height:
        return None
    ordered = rows.sort("chars")
    total = ordered["len"].cum_sum()
    return int(ordered["chars"].filter(total * 2 >= total[-1])[0])
