"""Positives that are learned too easily, or not at all: DBPM's fences around all losses.

loss(q, p) = -log softmax of the positive among p and the query's negatives, of scores divided by a
temperature. DBPM takes the mean of a pair's losses over epochs as its history, calls pairs at or below mean - 2
standard deviations noisy and those at or above mean + 3 faulty; here the history is the mean over scorers.
"""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import polars as pl

from negmine.analysis.lint.collector import D, Q
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.spill import Spill

LEAST = 50  # positives; with fewer an outlier hides itself in the deviation that it makes
BELOW, ABOVE = 2.0, 3.0
_SAME = 1e-6  # a deviation that is rounding, not spread
TEMPERATURE = 0.05  # of scores within [-1, 1], as sentence-transformers' scale of 20


def losses(
    positives: pl.DataFrame, negatives: pl.DataFrame, temperatures: dict[str, float]
) -> pl.DataFrame:
    """Return row (the first with that query and positive) and loss, the mean over the score columns."""
    found = positives.group_by(*Q, *D).agg(
        pl.col("row").min(), *(pl.col(column).first() for column in temperatures)
    )
    others = negatives.unique([*Q, *D], keep="any")
    for column, temperature in temperatures.items():
        logit = pl.col(column).cast(pl.Float64) / temperature
        finite = others.filter(pl.col(column).is_finite()).select(*Q, logit.alias("_logit"))
        largest = pl.col("_logit").max()
        pool = finite.group_by(*Q).agg(
            _lse=largest + (pl.col("_logit") - largest).exp().sum().log()
        )
        difference = pl.col("_lse") - logit
        # log(1 + exp(x)), without overflow
        loss = difference.clip(0) + (-difference.abs()).exp().log1p()
        found = found.join(pool, on=Q, how="left").with_columns(loss.alias(f"{column}_loss"))
        found = found.drop("_lse")
    known = found.select("row", loss=pl.mean_horizontal(f"{name}_loss" for name in temperatures))
    return known.filter(pl.col("loss").is_finite())


class Fences:
    """Collects losses and finds those outside the fences."""

    def __init__(self, folder: Path, buckets: int) -> None:
        self._spill = Spill(folder, buckets)
        self.count, self._sum, self._squares = 0, 0.0, 0.0

    def take(self, found: pl.DataFrame) -> None:
        """Take in losses: row, loss."""
        self.count += found.height
        self._sum += float(found["loss"].sum())
        self._squares += float((found["loss"] ** 2).sum())
        self._spill.add("losses", found, "row")

    def limits(self) -> tuple[float, float, float, float]:
        """Return mean, standard deviation, lower and upper fence."""
        mean = self._sum / self.count
        deviation = sqrt(max(self._squares / self.count - mean**2, 0.0))
        return mean, deviation, mean - BELOW * deviation, mean + ABOVE * deviation

    def tell(self, findings: Findings) -> None:
        """Add what lies outside the fences to the findings."""
        if self.count < LEAST:
            why = f"needs {LEAST} positives with scores, there are {self.count}"
            findings.unchecked = {
                "noisy_positive": why,
                "faulty_positive": why,
            } | findings.unchecked
            return
        self._spill.close()
        mean, deviation, low, high = self.limits()
        for (rows,) in self._spill.each("losses"):
            if rows is not None and deviation > _SAME:
                findings.add("noisy_positive", rows.filter(pl.col("loss") <= low))
                findings.add("faulty_positive", rows.filter(pl.col("loss") >= high))
        numbers = {"mean": mean, "deviation": deviation, "lower": low, "upper": high}
        about = {name: round(value, 4) for name, value in numbers.items()}
        for rule in ("noisy_positive", "faulty_positive"):
            findings.about[rule] = dict(about)
