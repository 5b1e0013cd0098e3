"""What a model rests on and how good it is: weights, importance, AUC, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.auc import area
from negmine.stages.filter.risk.blend import Blend, out_of_fold
from negmine.stages.filter.risk.model import Floats

BINS = 10
MOST_ROWS = 50_000  # to shuffle signals on


def quality(
    blends: Sequence[Blend],
    signals: Floats,
    hidden: NDArray[np.bool_],
    fold: NDArray[np.int64],
    names: Sequence[str],
) -> dict[str, Any]:
    """Return what held-out rows say of the blends; no AUC where nothing, or everything, is hidden.

    signals: [rows, names]. hidden, fold: [rows].
    """
    numbers: dict[str, Any] = {"weights": weights(blends, names)}
    if not hidden.any() or hidden.all():
        return numbers | {"auc": None, "importance": {}, "calibration": []}
    probability, risk = out_of_fold(blends, signals, fold, names)
    return numbers | {
        "auc": round(area(hidden, risk), 4),
        "importance": importance(blends, signals, hidden, fold, names),
        "calibration": calibration(probability, risk, hidden, BINS),
    }


def weights(blends: Sequence[Blend], names: Sequence[str]) -> dict[str, float]:
    """Return what a standard deviation of each signal adds to the log-odds, largest first."""
    total = dict.fromkeys(names, 0.0)
    for blend in blends:
        for model, share in blend.models:
            for name, weight in zip(model.names, model.weight, strict=True):
                if name in total:
                    total[name] += share * float(weight) / len(blends)
    return {name: round(w, 4) for name, w in sorted(total.items(), key=lambda item: -abs(item[1]))}


def importance(
    blends: Sequence[Blend],
    signals: Floats,
    hidden: NDArray[np.bool_],
    fold: NDArray[np.int64],
    names: Sequence[str],
) -> dict[str, float]:
    """Return how much AUC is lost where a signal is shuffled, largest first (Breiman 2001)."""
    chance = np.random.default_rng(0)
    rows = np.sort(chance.permutation(len(hidden))[:MOST_ROWS])
    if not hidden[rows].any() or hidden[rows].all():
        return {}
    values, label, own = signals[rows], hidden[rows], fold[rows]
    whole = area(label, out_of_fold(blends, values, own, names)[0])
    lost = {}
    for place, name in enumerate(names):
        shuffled = values.copy()
        shuffled[:, place] = chance.permutation(values[:, place])
        lost[name] = round(whole - area(label, out_of_fold(blends, shuffled, own, names)[0]), 4)
    return dict(sorted(lost.items(), key=lambda item: -item[1]))


def calibration(
    probabilities: Floats, risks: Floats, hidden: NDArray[np.bool_], bins: int
) -> list[dict[str, float]]:
    """Return per tenth of the candidates, riskiest first, what was predicted and what was hidden.

    `predicted` is p, to be held against the share that was `hidden`; `risk` is p / c, which also counts
    relevant documents that nobody knows.
    """
    groups = np.array_split(np.argsort(-probabilities, kind="stable"), bins)
    return [
        {
            "candidates": len(group),
            "predicted": float(f"{probabilities[group].mean():.4g}"),
            "hidden": float(f"{hidden[group].mean():.4g}"),
            "risk": float(f"{risks[group].mean():.4g}"),
        }
        for group in groups
        if len(group)
    ]
