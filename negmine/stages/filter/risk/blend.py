"""Blends: what was learned here and what ships, weighed by evidence and cross-fitted over queries.

A query is scored by a blend that never saw it: queries fall into five folds by the hash of their id,
and neither the weights of a fold's blend nor its labelled share come from that fold's rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from polars import Series

from negmine.data.hashing import name_hashes
from negmine.stages.filter.risk.model import Floats, Model, fit, labelled_share, probability

FOLDS = 5
EVIDENCE = 100.0  # hidden positives at which own and shipped weights count the same


class Shipped(NamedTuple):
    """Weights that ship with negmine: their name, the model, its labelled share (see model.py)."""

    name: str
    model: Model
    labelled_share: float


@dataclass(frozen=True)
class Blend:
    """Own and shipped log-odds, averaged: `share` is the weight of the own model."""

    own: Model | None
    shipped: Model | None
    share: float
    labelled_share: float = 1.0

    def log_odds(self, signals: Floats, names: Sequence[str]) -> Floats:
        """Return the log-odds of every row (see Model.log_odds)."""
        total = np.zeros(len(signals))
        for model, share in self.models:
            total += share * model.log_odds(signals, names)
        return total

    @property
    def models(self) -> list[tuple[Model, float]]:
        """The models that count, with their weights."""
        both = ((self.own, self.share), (self.shipped, 1 - self.share))
        return [(model, share) for model, share in both if model is not None and share]


def folds(query_ids: Series) -> NDArray[np.int64]:
    """Return the fold of every row, int64 [rows]: 0 to 4, by query alone."""
    return (name_hashes(query_ids, FOLDS) % FOLDS).cast(int).to_numpy()


def cross_fit(
    signals: Floats,
    hidden: NDArray[np.bool_],
    fold: NDArray[np.int64],
    names: Sequence[str],
    shipped: Shipped | None,
    weights: str = "blend",
) -> list[Blend]:
    """Return a blend per fold, learned from the other folds' rows.

    signals: [rows, names]. hidden: [rows], the label. weights: blend, own or shipped.
    """
    ours = shipped if weights != "own" else None

    def without(*left_out: int) -> Blend:
        used = ~np.isin(fold, left_out)
        own = None if weights == "shipped" else fit(signals[used], hidden[used], names)
        share = _share(int(hidden[used].sum()), ours) if own is not None else 0.0
        return Blend(own, ours.model if ours is not None else None, share)

    held_out: list[list[Floats]] = [[] for _ in range(FOLDS)]  # of positives held out twice
    for one, other in itertools.combinations(range(FOLDS), 2):
        blend = without(one, other)
        for mine, theirs in ((one, other), (other, one)):
            rows = hidden & (fold == theirs)
            held_out[mine].append(probability(blend.log_odds(signals[rows], names)))
    blends = [without(number) for number in range(FOLDS)]
    return [
        replace(blend, labelled_share=_labelled(np.concatenate(probabilities), blend.share, ours))
        for blend, probabilities in zip(blends, held_out, strict=True)
    ]


def _share(hidden: int, shipped: Shipped | None) -> float:
    """Return the weight of what was learned here: n / (n + 100) of n hidden positives."""
    return 1.0 if shipped is None else hidden / (hidden + EVIDENCE)


def _labelled(probabilities: Floats, share: float, shipped: Shipped | None) -> float:
    """Return Elkan and Noto's c of a fold: of positives held out here, and of the shipped weights."""
    if not len(probabilities):
        return 1.0 if shipped is None else shipped.labelled_share
    own = max(labelled_share(probabilities), 1e-12)
    return own if shipped is None else share * own + (1 - share) * shipped.labelled_share


def out_of_fold(
    blends: Sequence[Blend], signals: Floats, fold: NDArray[np.int64], names: Sequence[str]
) -> tuple[Floats, Floats]:
    """Return probability and risk of every row by the blend that did not see its query, float64 [rows].

    The risk is the probability corrected for positives that nobody knows, min(1, p / c): see
    model.labelled_share.
    """
    probabilities, risk = np.empty(len(signals)), np.empty(len(signals))
    for number, blend in enumerate(blends):
        here = fold == number
        probabilities[here] = probability(blend.log_odds(signals[here], names))
        risk[here] = np.minimum(1.0, probabilities[here] / blend.labelled_share)
    return probabilities, risk
