"""Checks that need the retrievers: names of scores and signals, and each retriever's own settings."""

from __future__ import annotations

from negmine.config.naming import nearest
from negmine.config.resolved import ResolvedConfig
from negmine.data.sources.swapped import D2Q
from negmine.errors import SettingsError
from negmine.retrievers.registry import RETRIEVERS, types
from negmine.stages.filter.risk import signals
from negmine.stages.write import teacher
from negmine.stages.write.formats.registry import format_named

SWAPPABLE = ("bm25", "dense")  # retrievers that --direction d2q can turn around


def check(config: ResolvedConfig) -> None:
    """Raise SettingsError for settings that no retriever, scorer or output format can follow."""
    kinds = {kind.name: kind for kind in (*RETRIEVERS.values(), *types(config))}
    for kind in kinds.values():
        kind.check(config)
    _check_formats(config)
    _check_direction(config)
    _check_signals(config)
    _check_scores(config)


def _check_formats(config: ResolvedConfig) -> None:
    names = config.write.format
    if not names or len(set(names)) != len(names):
        raise SettingsError(
            f"--format: name each once, and at least one. Given: {', '.join(names) or 'none'}."
        )
    for name in names:
        format_named(name)
    teacher.check(config)


def _check_direction(config: ResolvedConfig) -> None:
    """Refuse what reads a query and its documents in a way that --direction d2q would turn around."""
    if config.index.direction != D2Q:
        return
    for one in config.retrievers:
        if one.spec not in SWAPPABLE and not one.is_own:
            raise SettingsError(
                f"--direction d2q: {one.name} reads queries and documents differently, and has not learned to "
                f"search the other way round. Give --retriever {' or '.join(SWAPPABLE)}, or one of your own."
            )
    if config.filter.judge is not None:
        raise SettingsError(
            "--direction d2q: a judge is asked about the documents of one query, not about the queries of one "
            "document. Leave the judge out, or mine with --direction q2d."
        )
    if config.write.instruction is not None or config.write.instruction_column is not None:
        raise SettingsError(
            "--direction d2q: --instruction says what a query asks for, and the first text of a row is a "
            "document. Leave --instruction and --instruction-column out."
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
