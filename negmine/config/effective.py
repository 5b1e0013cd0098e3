"""The rules in force, once defaults that depend on the retrievers are worked out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from negmine.config.settings import FilterSettings

MAX_RISK = 0.05  # docs/explanation/how-much-do-negatives-lie.md tells what it costs and saves
MARGIN = 0.05  # NV-Retriever's 95 %, what most miners use
AUTO, FUSED = "auto", "fused"  # of --order


class Named(Protocol):
    """A retriever: its name, and whether it has vectors."""

    @property
    def name(self) -> str:
        """The name of its columns."""

    @property
    def has_vectors(self) -> bool:
        """It can give vectors of documents and queries."""


def guide_names(rules: FilterSettings) -> list[str]:
    """Return the column prefixes of the guides: guide, guide_2, guide_3 ..."""
    return [f"guide_{n}" if n > 1 else "guide" for n in range(1, len(rules.guide_model) + 1)]


def threshold_score(rules: FilterSettings, retrievers: Sequence[Named]) -> str:
    """Return whose score thresholds read: --score, else a retriever with vectors, else the first."""
    with_vectors = next((one.name for one in retrievers if one.has_vectors), None)
    return rules.score or with_vectors or retrievers[0].name


def effective_rules(rules: FilterSettings, retrievers: Sequence[Named]) -> FilterSettings:
    """Return the rules with their defaults worked out, as they shape `verdicts`.

    Where thresholds read the score of a retriever with vectors and no margin is set, the relative
    margin is 0.05. Where a retriever has vectors, or --max-leak needs it, the risk is limited to 0.05.
    """
    with_vectors = {one.name for one in retrievers if one.has_vectors}
    update: dict[str, Any] = {"score": threshold_score(rules, retrievers)}
    no_margin = rules.relative_margin is None and rules.absolute_margin is None
    if no_margin and not rules.no_relative_margin and update["score"] in with_vectors:
        update["relative_margin"] = MARGIN
    wants_risk = bool(with_vectors) or rules.max_leak is not None
    if rules.max_risk is None and wants_risk and not rules.no_risk:
        update["max_risk"] = MAX_RISK
    return rules.model_copy(update=update)


def effective_order(order: str, rules: FilterSettings, retrievers: Sequence[Named]) -> str:
    """Return whose score puts negatives in order: that which thresholds read, or `fused` for the fused rank.

    By default it is that score where --score names it, or a retriever has vectors: negatives trained better
    models so (docs/explanation/what-trains-better.md).
    """
    if order != AUTO:
        return order
    decided = rules.score is not None or any(one.has_vectors for one in retrievers)
    return threshold_score(rules, retrievers) if decided else FUSED
