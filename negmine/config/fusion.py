"""How the runs of several retrievers become one list: `--fusion`, `--fusion-weight`, `--candidates`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from negmine.config.naming import nearest
from negmine.config.resolved import ResolvedConfig
from negmine.config.settings import RetrieveSettings
from negmine.errors import SettingsError

RRF, RELATIVE_SCORE = "rrf", "relative-score"
UNION, INTERSECTION = "union", "intersection"
RRF_K = 60  # Cormack, Clarke and Buettcher 2009, section 2


class Fusion(NamedTuple):
    """How runs are fused.

    method: `rrf` or `relative-score`. rrf_k: the k of `rrf`. weights: how much a retriever counts, by its name;
    without, 1. candidates: which hits are candidates: `union` (all), `intersection` (those that every retriever
    found), or the name of the retriever that found them.
    """

    method: str = RRF
    rrf_k: int = RRF_K
    weights: Mapping[str, float] = {}
    candidates: str = UNION

    def weight(self, retriever: str) -> float:
        """Return how much a retriever counts."""
        return self.weights.get(retriever, 1.0)


def fusion_of(config: ResolvedConfig) -> Fusion:
    """Return how a configuration's runs are fused. Raises SettingsError for settings that cannot work."""
    settings, names = config.retrieve, config.retriever_names
    _check_candidates(settings, names)
    weights = _weights(settings.fusion_weight, names)
    return Fusion(settings.fusion, settings.rrf_k, weights, settings.candidates)


def shaping(config: ResolvedConfig) -> dict[str, Any]:
    """Return what shapes `candidates`: what is not the default, so that older artifacts keep their identity."""
    fusion = fusion_of(config)
    weights = {name: weight for name, weight in sorted(fusion.weights.items()) if weight != 1}
    values = {
        "fusion": (fusion.method, RRF),
        "rrf_k": (fusion.rrf_k if fusion.method == RRF else RRF_K, RRF_K),
        "fusion_weight": ([f"{name}={weight}" for name, weight in weights.items()], []),
        "candidates": (fusion.candidates, UNION),
    }
    return {name: value for name, (value, default) in values.items() if value != default}


def _check_candidates(settings: RetrieveSettings, names: Sequence[str]) -> None:
    choices = [UNION, INTERSECTION, *names]
    if settings.candidates not in choices:
        raise SettingsError(
            f"--candidates {settings.candidates}: no such retriever in this run."
            f"{nearest(settings.candidates, choices)} There are: {', '.join(choices)}."
        )


def _weights(given: Sequence[str], names: Sequence[str]) -> dict[str, float]:
    """Return what --fusion-weight says, by retriever."""
    weights: dict[str, float] = {}
    for text in given:
        name, _, number = text.partition("=")
        if name not in names:
            raise SettingsError(
                f"--fusion-weight {text}: no such retriever in this run.{nearest(name, names)} "
                f"There are: {', '.join(names)}."
            )
        if name in weights:
            raise SettingsError(f"--fusion-weight: {name} has two weights. Give one.")
        weights[name] = _weight(text, number)
    if names and not any(weights.get(name, 1.0) for name in names):
        raise SettingsError(
            "--fusion-weight: every retriever has the weight 0, so nothing has a place in the fused list. "
            "Give one of them more."
        )
    return weights


def _weight(text: str, number: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise SettingsError(f"--fusion-weight {text}: give NAME=NUMBER, 0 or more, as dense=2.")
    return weight
