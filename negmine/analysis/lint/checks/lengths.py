"""Whether the length of a text gives away if it is a positive or a negative."""

from __future__ import annotations

import polars as pl

from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.occurrences import NEGATIVE, POSITIVE
from negmine.data.auc import area_of_counts

LEAST = 30  # positives, and negatives, below which no area is given
RULE = "length_tells"


class Lengths:
    """Counts of positives and negatives by length in characters."""

    def __init__(self) -> None:
        self._counts = pl.DataFrame(
            schema={"role": pl.UInt8, "characters": pl.UInt32, "len": pl.UInt32}
        )

    def take(self, documents: pl.DataFrame) -> None:
        """Take in occurrences: role, characters."""
        new = documents.group_by("role", "characters").len()
        both = pl.concat([self._counts.cast(new.schema), new])
        self._counts = both.group_by("role", "characters").agg(pl.col("len").sum())

    def statistics(self) -> dict[str, float | int | None]:
        """Return the medians, and auc: `area_of_counts`, or None where there are too few."""
        positives, negatives = (
            self._counts.filter(pl.col("role") == role).select("characters", "len")
            for role in (POSITIVE, NEGATIVE)
        )
        auc = None
        if min(positives["len"].sum(), negatives["len"].sum()) >= LEAST:
            both = positives.join(negatives, on="characters", how="full", coalesce=True)
            both = both.fill_null(0).sort("characters")
            auc = area_of_counts(both["len"].to_numpy(), both["len_right"].to_numpy())
        medians = _median(positives), _median(negatives)
        return {"auc": auc, "median_positive": medians[0], "median_negative": medians[1]}

    def find(self, least_auc: float, findings: Findings) -> None:
        """Find whether the longer, or the shorter, text is the positive with this probability."""
        findings.statistics[RULE] = statistics = self.statistics()
        auc = statistics["auc"]
        if auc is None:
            findings.unchecked[RULE] = f"needs {LEAST} positives and {LEAST} negatives"
            return
        findings.shares[RULE] = max(auc, 1 - auc)
        findings.counts[RULE] = int(max(auc, 1 - auc) >= least_auc)


def _median(counts: pl.DataFrame) -> int | None:
    if not counts.height:
        return None
    ordered = counts.sort("characters")
    total = ordered["len"].cum_sum()
    return int(ordered["characters"].filter(total * 2 >= total[-1])[0])
