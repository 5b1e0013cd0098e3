"""Checks that need the retrievers: names of scores and signals, and each retriever's own settings."""

from __future__ import annotations

from negmine.config.naming import nearest
from negmine.config.resolved import ResolvedConfig
from negmine.errors import SettingsError
from negmine.retrievers.registry import RETRIEVERS, types
from negmine.stages.filter.risk import signals
from negmine.stages.write.formats.registry import format_named


def check(config: ResolvedConfig) -> None:
    """Raise SettingsError for settings that no retriever, scorer or output format can follow."""
    kinds = {kind.name: kind for kind in (*RETRIEVERS.values(), *types(config))}
    for kind in kinds.values():
        kind.check(config)
    _check_negatives(config)
    _check_signals(config)
    _check_scores(config)


def _check_negatives(config: ResolvedConfig) -> None:
    output, count = format_named(config.write.format), config.write.num_negatives
    if output.most_negatives is not None and count > output.most_negatives:
        raise SettingsError(
            f"--num-negatives {count}: {output.name} has a column for each negative, at most "
            f"{output.most_negatives:,}. Give fewer, or --format labeled-list."
        )


def _check_signals(config: ResolvedConfig) -> None:
    limits = config.filter.max_signal
    names = signals.limited(signals.evidence_of(config)) if limits else []
    for limit in limits:
        name, _, number = limit.partition("=")
        if name not in names:
            raise SettingsError(
                f"--max-signal {limit}: no such signal.{nearest(name, names)} "
                f"There are: {', '.join(names)}."
            )
        try:
            float(number)
        except ValueError as error:
            raise SettingsError(f"--max-signal {limit}: give NAME=NUMBER.") from error


def _check_scores(config: ResolvedConfig) -> None:
    """Refuse names of scores that nobody gives, or that two would give."""
    rules, names = config.given.filter, config.score_names
    for flag, name, choices in (
        ("--score", rules.score, names),
        ("--order", config.write.order, ["fused", *names]),
    ):
        if name is not None and name not in choices:
            raise SettingsError(
                f"{flag} {name}: no such score here.{nearest(name, choices)} "
                f"There are: {', '.join(choices)}."
            )
    if len(set(names)) != len(names):
        raise SettingsError(
            f"--retriever: a name is taken. The scores would be: {', '.join(names)}."
        )
    if len(set(rules.guide_model)) != len(rules.guide_model):
        raise SettingsError(
            f"--guide-model: name each once. Given: {', '.join(rules.guide_model)}."
        )
    if rules.score in ("judge", "risk"):
        raise SettingsError(
            f"--score {rules.score}: it has its own rule, tried after thresholds. Name another score."
        )
    if rules.owner_query is not None and config.vector_retriever is None:
        raise SettingsError("--owner-query compares query vectors. Add --retriever dense.")
