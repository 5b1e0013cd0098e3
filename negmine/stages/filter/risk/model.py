"""The models, both scikit-learn's: standardised logistic regression over signals, or a gradient booster.

Linear weights can be read, shipped and stored as a table. The booster lets a little less through on
data with much to learn from (tests/bench/booster.py); it is learned again wherever it is needed, from
the same rows to the same trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

REGULARISATION = 0.3  # LogisticRegression's C
LEAST = 5  # hidden positives below which nothing is learned

Floats = NDArray[np.float64]
Learner = Literal["linear", "booster"]


@dataclass(frozen=True)
class Model:
    """A logistic regression: log-odds = intercept + sum of weight * (signal - mean) / scale.

    A signal that is not known (NaN) counts as its mean.
    """

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    weight: Floats
    intercept: float

    def log_odds(self, signals: Floats, names: Sequence[str]) -> Floats:
        """Return the log-odds of every row, float64 [rows]; signals: [rows, names].

        A signal of the model's that `names` does not have counts as unknown.
        """
        shared = [name for name in self.names if name in names]
        columns = [list(names).index(name) for name in shared]
        own = [self.names.index(name) for name in shared]
        standard = (signals[:, columns] - self.mean[own]) / self.scale[own]
        return np.nan_to_num(standard) @ self.weight[own] + self.intercept


@dataclass(frozen=True)
class Booster:
    """Boosted trees: their raw prediction is the log-odds. An unknown signal (NaN) has its own branch."""

    names: tuple[str, ...]
    trees: Any  # a fitted HistGradientBoostingClassifier

    def log_odds(self, signals: Floats, names: Sequence[str]) -> Floats:
        """Return the log-odds of every row, float64 [rows]; signals: [rows, names]."""
        if not len(signals):
            return np.zeros(0)
        columns = [list(names).index(name) for name in self.names]
        found: Floats = self.trees.decision_function(signals[:, columns])
        return found


def fit(
    signals: Floats, hidden: NDArray[np.bool_], names: Sequence[str], learner: Learner = "linear"
) -> Model | Booster | None:
    """Learn to tell hidden positives from other candidates; None where there are too few to learn from.

    signals: [rows, names], NaN where unknown. hidden: [rows], the label.
    """
    if hidden.sum() < LEAST or hidden.all():
        return None
    known = np.flatnonzero(np.isfinite(signals).any(axis=0))
    chosen = tuple(names[place] for place in known.tolist())
    learn = _boosted if learner == "booster" else _linear
    return learn(signals[:, known], hidden, chosen)


def _linear(signals: Floats, hidden: NDArray[np.bool_], names: tuple[str, ...]) -> Model:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(signals)
    # newton-cholesky: many rows, few signals, and converged far below what ties could feel
    regression = LogisticRegression(C=REGULARISATION, solver="newton-cholesky", tol=1e-8)
    found = regression.fit(np.nan_to_num(scaler.transform(signals)), hidden)
    weight = found.coef_[0].astype(np.float64)
    return Model(names, scaler.mean_, scaler.scale_, weight, float(found.intercept_[0]))


def _boosted(signals: Floats, hidden: NDArray[np.bool_], names: tuple[str, ...]) -> Booster:
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_depth=4, learning_rate=0.06, max_iter=200, l2_regularization=1.0,
        min_samples_leaf=50, early_stopping=False, random_state=0,
    )  # fmt: skip
    return Booster(names, trees.fit(signals, hidden))


def probability(log_odds: Floats) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))


def labelled_share(probabilities: Floats) -> float:
    """Return Elkan and Noto's c: the mean probability of held-out hidden positives (2008, estimator e1).

    probabilities: of those positives, [positives].

    A positive that nobody knows is a candidate with label 0, so the regression's probability p is too
    low; p / c corrects it. Where positives cannot be told apart cleanly c is too small, and the
    corrected number too high: on the safe side.
    """
    return float(probabilities.mean())
