"""The model: standardised logistic regression over signals, cross-fitted over queries.

scikit-learn's LogisticRegression; a gradient booster was no better where it was tried. A query is scored
by a model that never saw it: queries fall into five folds by the hash of their id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from polars import Series

from negmine.hashing import name_hashes

FOLDS = 5
REGULARISATION = 0.3  # LogisticRegression's C
LEAST = 5  # hidden positives below which nothing is learned
EVIDENCE = 100.0  # hidden positives at which own and shipped weights count the same

Floats = NDArray[np.float64]


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
class Blend:
    """Own and shipped log-odds, averaged: `share` is the weight of the own model."""

    own: Model | None
    shipped: Model | None
    share: float

    def log_odds(self, signals: Floats, names: Sequence[str]) -> Floats:
        """Return the log-odds of every row (see Model.log_odds)."""
        total = np.zeros(len(signals))
        for model, share in ((self.own, self.share), (self.shipped, 1 - self.share)):
            if model is not None and share:
                total += share * model.log_odds(signals, names)
        return total


def folds(query_ids: Series) -> NDArray[np.int64]:
    """Return the fold of every row, int64 [rows]: 0 to 4, by query alone."""
    return (name_hashes(query_ids, FOLDS) % FOLDS).cast(int).to_numpy()


def fit(signals: Floats, hidden: NDArray[np.bool_], names: Sequence[str]) -> Model | None:
    """Learn to tell hidden positives from other candidates; None where there are too few to learn from."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if hidden.sum() < LEAST or hidden.all():
        return None
    known = np.asarray(np.isfinite(signals).any(axis=0))
    usable = signals[:, known]
    scaler = StandardScaler().fit(usable)
    found = LogisticRegression(C=REGULARISATION, max_iter=1000).fit(
        np.nan_to_num(scaler.transform(usable)), hidden
    )
    chosen = tuple(name for name, kept in zip(names, known.tolist(), strict=True) if kept)
    return Model(
        chosen, scaler.mean_, scaler.scale_, found.coef_[0].astype(np.float64), found.intercept_[0]
    )


def share_of(hidden: int, weights: str) -> float:
    """Return the weight of what was learned here against what ships: n / (n + 100) hidden positives."""
    return {"own": 1.0, "shipped": 0.0}.get(weights, hidden / (hidden + EVIDENCE))


def cross_fit(
    signals: Floats,
    hidden: NDArray[np.bool_],
    fold: NDArray[np.int64],
    names: Sequence[str],
    shipped: Model | None,
    weights: str = "blend",
) -> list[Blend]:
    """Return a blend per fold, learned from the other folds' rows.

    signals: [rows, names]. hidden: [rows], the label. weights: blend, own or shipped.
    """
    blends = []
    for number in range(FOLDS):
        others = fold != number
        own = None if weights == "shipped" else fit(signals[others], hidden[others], names)
        count = int(hidden[others].sum()) if own is not None else 0
        share = share_of(count, weights if own is not None else "shipped")
        blends.append(Blend(own, shipped, share))
    return blends


def out_of_fold(
    blends: Sequence[Blend], signals: Floats, fold: NDArray[np.int64], names: Sequence[str]
) -> Floats:
    """Return the log-odds of every row by the blend that did not see its query, float64 [rows]."""
    result = np.empty(len(signals))
    for number, blend in enumerate(blends):
        here = fold == number
        result[here] = blend.log_odds(signals[here], names)
    return result


def probability(log_odds: Floats) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))


def labelled_share(log_odds: Floats, hidden: NDArray[np.bool_]) -> float:
    """Return Elkan and Noto's c: the mean probability of held-out hidden positives (2008, estimator e1).

    A positive that nobody knows is a candidate with label 0, so the regression's probability p is too
    low; p / c corrects it. Where positives cannot be told apart cleanly c is too small, and the
    corrected number too high: on the safe side.
    """
    return float(probability(log_odds[hidden]).mean())


def risk(log_odds: Floats, share: float) -> Floats:
    """Return the corrected probability, min(1, p / c), float64 [rows]."""
    return np.minimum(1.0, probability(log_odds) / share)


def importance(blends: Sequence[Blend], names: Sequence[str]) -> dict[str, float]:
    """Return what a standard deviation of each signal adds to the log-odds, largest first."""
    total = dict.fromkeys(names, 0.0)
    for blend in blends:
        for model, share in ((blend.own, blend.share), (blend.shipped, 1 - blend.share)):
            for name, weight in zip(
                *((model.names, model.weight) if model else ((), ())), strict=True
            ):
                if name in total:
                    total[name] += share * float(weight) / len(blends)
    return {name: round(w, 4) for name, w in sorted(total.items(), key=lambda item: -abs(item[1]))}


def calibration(
    probabilities: Floats, hidden: NDArray[np.bool_], bins: int
) -> list[dict[str, float]]:
    """Return per tenth of the candidates, riskiest first: what was predicted, and what was hidden."""
    groups = np.array_split(np.argsort(-probabilities, kind="stable"), bins)
    return [
        {
            "candidates": len(group),
            "predicted": float(f"{probabilities[group].mean():.4g}"),
            "hidden": float(f"{hidden[group].mean():.4g}"),
        }
        for group in groups
        if len(group)
    ]
