"""The model: scikit-learn's logistic regression over standardised signals.

Its weights can be read, shipped, and stored as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REGULARISATION = 0.3  # LogisticRegression's C
LEAST = 5  # hidden positives below which nothing is learned

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """A logistic regression: log-odds = intercept + sum of weight * (signal - mean) / scale.

    names: the signals; mean, scale, weight: float64 [names]. An unknown signal (NaN) counts as its mean.
    """

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    weight: Floats
    intercept: float

    def log_odds(self, signals: Floats, names: Sequence[str]) -> Floats:
        """Return the log-odds of every row, float64 [rows].

        signals: float64 [rows, names]. A signal of the model that is not in `names` counts as unknown.
        """
        shared = [name for name in self.names if name in names]
        columns = [list(names).index(name) for name in shared]
        own = [self.names.index(name) for name in shared]
        standard = (signals[:, columns] - self.mean[own]) / self.scale[own]
        return np.nan_to_num(standard) @ self.weight[own] + self.intercept


def fit(signals: Floats, hidden: NDArray[np.bool_], names: Sequence[str]) -> Model | None:
    """Learn to tell hidden positives from other candidates; None if there are too few to learn from.

    signals: float64 [rows, names], NaN where unknown. hidden: [rows], the label.
    """
    if hidden.sum() < LEAST or hidden.all():
        return None
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    filled = np.flatnonzero(np.isfinite(signals).any(axis=0))
    scaler = StandardScaler().fit(signals[:, filled])
    # newton-cholesky: many rows, few signals, and converged far below what ties could feel
    regression = LogisticRegression(C=REGULARISATION, solver="newton-cholesky", tol=1e-8)
    regression.fit(np.nan_to_num(scaler.transform(signals[:, filled])), hidden)
    weight = regression.coef_[0].astype(np.float64)
    chosen = tuple(names[place] for place in filled.tolist())
    return Model(chosen, scaler.mean_, scaler.scale_, weight, float(regression.intercept_[0]))


def probability(log_odds: Floats) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))


def labelled_share(probabilities: Floats) -> float:
    """Return Elkan and Noto's c (2008, estimator e1): the mean probability of held-out hidden positives.

    probabilities: float64 [positives]. A relevant document that nobody labelled is a candidate with label 0,
    so the regression's probability p is too low; p / c corrects it. If the signals do not separate
    positives well, c is too small and p / c too high: on the safe side.
    """
    return float(probabilities.mean())
