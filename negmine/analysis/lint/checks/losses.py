"""Positives that are learned too easily, or not at all: DBPM's fences around all losses.

loss(q, p) = -log softmax of the positive's score among p and the query's negatives, of scores divided by a
temperature. DBPM takes the mean of a pair's losses over epochs; here it is the mean over scorers. A loss at or
below mean - 2 standard deviations of all losses is noisy, one at or above mean + 3 faulty.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from typing import NamedTuple

import polars as pl

from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.keys import QUERY_KEY, TEXT_KEY
from negmine.analysis.lint.spill import Spill

LEAST = 50  # positives; with fewer an outlier hides itself in the deviation that it makes
BELOW, ABOVE = 2.0, 3.0
TEMPERATURE = 0.05  # of scores within [-1, 1], as sentence-transformers' scale of 20
_LEAST_DEVIATION = 1e-6  # a smaller one is rounding
RULES = ("noisy_positive", "faulty_positive")


def losses(
    positives: pl.DataFrame, negatives: pl.DataFrame, temperatures: Mapping[str, float]
) -> pl.DataFrame:
    """Return a row per query and positive: `row`, the first it is in, and `loss`, the mean over scorers.

    temperatures: column of scores to what they are divided by. Without a finite score there is no row.
    """
    key = [*QUERY_KEY, *TEXT_KEY]
    result = positives.group_by(key).agg(
        pl.col("row").min(), *(pl.col(column).first() for column in temperatures)
    )
    distinct = negatives.unique(key, keep="any")
    for column, temperature in temperatures.items():
        logit = pl.col(column).cast(pl.Float64) / temperature
        logits = distinct.filter(pl.col(column).is_finite()).select(*QUERY_KEY, logit=logit)
        largest = pl.col("logit").max()
        log_sum = largest + (pl.col("logit") - largest).exp().sum().log()
        pools = logits.group_by(QUERY_KEY).agg(log_sum=log_sum)
        difference = pl.col("log_sum") - logit
        # log(1 + exp(difference)), without overflow
        loss = difference.clip(0) + (-difference.abs()).exp().log1p()
        result = result.join(pools, on=QUERY_KEY, how="left")
        result = result.with_columns(loss.alias(f"{column}_loss")).drop("log_sum")
    mean = pl.mean_horizontal(f"{column}_loss" for column in temperatures)
    return result.select("row", loss=mean).filter(pl.col("loss").is_finite())


class Fence(NamedTuple):
    """Mean and standard deviation of all losses, and the limits beyond which a loss is an outlier."""

    mean: float
    deviation: float
    lower: float
    upper: float


class Fences:
    """Collects losses and finds those outside the fences."""

    def __init__(self, folder: Path, buckets: int) -> None:
        self._spill = Spill(folder, buckets)
        self.count, self._sum, self._squares = 0, 0.0, 0.0

    def take(self, rows: pl.DataFrame) -> None:
        """Take in losses: row, loss."""
        self.count += rows.height
        self._sum += float(rows["loss"].sum())
        self._squares += float((rows["loss"] ** 2).sum())
        self._spill.add("losses", rows, "row")

    def fence(self) -> Fence:
        """Return the fence around the losses so far."""
        mean = self._sum / self.count
        deviation = sqrt(max(self._squares / self.count - mean**2, 0.0))
        return Fence(mean, deviation, mean - BELOW * deviation, mean + ABOVE * deviation)

    def find(self, findings: Findings) -> None:
        """Find positives whose loss lies outside."""
        if self.count < LEAST:
            reason = f"needs {LEAST} positives with scores, there are {self.count}"
            findings.unchecked = dict.fromkeys(RULES, reason) | findings.unchecked
            return
        self._spill.close()
        fence = self.fence()
        for (rows,) in self._spill.buckets("losses"):
            if rows is not None and fence.deviation > _LEAST_DEVIATION:
                findings.add("noisy_positive", rows.filter(pl.col("loss") <= fence.lower))
                findings.add("faulty_positive", rows.filter(pl.col("loss") >= fence.upper))
        for rule in RULES:
            findings.statistics[rule] = {n: round(v, 4) for n, v in fence._asdict().items()}
