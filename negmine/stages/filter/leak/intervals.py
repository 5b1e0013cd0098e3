"""Intervals of ratios over queries: the Poisson bootstrap, part by part.

Every query gets a Poisson(1) weight in each of 1,000 replicates, by the hash of its id, so queries can
stream by in any order and number of parts (Chamandy, Muralidharan, Najmi and Naidu 2012, "Estimating
Uncertainty for Massive Data Streams"). Where hardly anything leaked, a bootstrap knows no upper end,
so the interval of a share also spans the exact binomial one (Clopper and Pearson 1934).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from polars import Series

from negmine.data.hashing import GOLDEN, name_hashes, splitmix64

REPLICATES = 1000
_POISSON = np.cumsum(
    [math.exp(-1) / math.factorial(n) for n in range(18)]
)  # its distribution function
LEVEL = 0.95

Floats = NDArray[np.float64]


@dataclass
class Sums:
    """Totals over queries of some counts, and the same totals in every bootstrap replicate.

    total: float64 [counts]. replicates: float64 [REPLICATES, counts].
    """

    seed: int
    counts: int
    total: Floats = field(init=False)
    replicates: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.total = np.zeros(self.counts)
        self.replicates = np.zeros((REPLICATES, self.counts))

    def add(self, queries: Series, per_query: NDArray[np.floating]) -> None:
        """Add some queries: their ids, and their counts [queries, counts]."""
        start = name_hashes(queries, self.seed).to_numpy()
        places = np.arange(1, REPLICATES + 1, dtype=np.uint64) * GOLDEN
        chance = splitmix64(start[None, :] + places[:, None]) / 2.0**64
        weights = np.searchsorted(_POISSON, chance).astype(np.float32)
        self.total += per_query.sum(axis=0, dtype=np.float64)
        self.replicates += weights @ per_query.astype(np.float32)


def ratio(
    sums: Sums, top: NDArray[np.int64], bottom: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Return point, low and high of total[top] / total[bottom], float64 [len(top)]; NaN for x / 0."""
    point = _divide(sums.total[top], sums.total[bottom])
    drawn = _divide(sums.replicates[:, top], sums.replicates[:, bottom])
    tail = (1 - LEVEL) / 2
    seen = np.where(np.isnan(drawn), point, drawn)
    low, high = np.quantile(seen, [tail, 1 - tail], axis=0)
    return point, low, high


def share(
    sums: Sums, top: NDArray[np.int64], bottom: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Return point, low and high of a share: the bootstrap's interval and the exact binomial one, spanned."""
    point, low, high = ratio(sums, top, bottom)
    exact_low, exact_high = exact(sums.total[top], sums.total[bottom])
    return point, np.fmin(low, exact_low), np.fmax(high, exact_high)


def exact(successes: Floats, trials: Floats) -> tuple[Floats, Floats]:
    """Return the exact binomial interval (Clopper and Pearson), float64; NaN without trials."""
    from scipy.stats import beta

    tail, misses = (1 - LEVEL) / 2, trials - successes
    low = beta.ppf(tail, np.maximum(successes, 1e-9), misses + 1)
    high = beta.ppf(1 - tail, successes + 1, np.maximum(misses, 1e-9))
    low, high = np.where(successes <= 0, 0.0, low), np.where(misses <= 0, 1.0, high)
    return np.where(trials > 0, low, np.nan), np.where(trials > 0, high, np.nan)


def negatives_needed(limit: float) -> int:
    """Return how many negatives without one leak show a leak of at most `limit`, by the exact interval."""
    return math.ceil(math.log((1 - LEVEL) / 2) / math.log1p(-limit))


def least_limit(negatives: int) -> float:
    """Return the least leak that so many negatives without one leak can show, by the exact interval."""
    return 1.0 if negatives == 0 else 1 - ((1 - LEVEL) / 2) ** (1 / negatives)


def _divide(top: Floats, bottom: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom != 0, top / bottom, np.nan)
