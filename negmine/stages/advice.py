"""Notes on settings that do less than they seem to, and on rules that are not in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from negmine.config.resolved import ResolvedConfig
from negmine.engine.context import Context
from negmine.scorers import registry
from negmine.scorers.judge.base import ABSTAINED
from negmine.stages.filter.rules.table import RULES, scored_signals
from negmine.storage.layout import RISK_MODEL, VERDICTS

MOST_ABSTAINED = 0.5  # share of the documents that were asked about
NOT_SCORED, DUPLICATE = "not_scored", "near_duplicate_of_positive"


def note_advice(context: Context) -> None:
    """Note what the settings in force leave unused or unprotected, once the verdicts are there."""
    verdicts, learned = context.work.manifest(VERDICTS), context.work.manifest(RISK_MODEL)
    if verdicts is None:
        return
    own = None if learned is None else learned.stats.get("own_share")
    removed = dict(verdicts.stats.get("removed", {}))
    judge = registry.judge(context.config)
    judged = None if judge is None else context.work.manifest(judge)
    stats = {} if judged is None else judged.stats
    notes = (
        *of_rerank(context.config, removed),
        *of_thresholds(context.config, own),
        *of_judge(stats, context.work.name),
    )
    for note in notes:
        context.progress.note(note)


def of_judge(stats: Mapping[str, Any], work: str) -> Iterator[str]:
    """Yield that a judge mostly gave no verdict. stats: of its judgments; empty without a judge."""
    judged = int(stats.get("judged", 0))
    abstained = int(stats.get("judge_verdicts", {}).get(ABSTAINED, 0))
    if abstained > MOST_ABSTAINED * judged:
        yield (
            f"the judge gave no verdict on {abstained:,} of {judged:,} documents. negmine judge-check {work} "
            "--judge-check 20 tests it, and shows an answer that cannot be read"
        )


def of_thresholds(config: ResolvedConfig, own_share: float | None) -> Iterator[str]:
    """Yield what protects less than a user may think.

    own_share: the weight that the data's own positives have in the risk, where one was learned.
    """
    if not any(
        rule.is_on(config.filter) for rule in RULES if rule.needs and rule.name != DUPLICATE
    ):
        yield (
            "no threshold is in force: every candidate that is no known positive and no copy of one may become "
            "a negative. --max-risk 0.05 needs no model; negmine leak measures what it saves"
        )
    if config.filter.max_risk is not None and own_share == 0:
        yield (
            "too few queries have two positives, so the risk rests on negmine's built-in weights alone, and "
            "negmine leak may have nothing to measure"
        )


def of_rerank(config: ResolvedConfig, removed: dict[str, int]) -> Iterator[str]:
    """Yield what a cross-encoder's scores are not used for. removed: reason to number of candidates."""
    rules, depth = config.filter, config.rerank.rerank_depth
    if "rerank" not in config.scorers:
        return
    readers = (
        rules.score == "rerank",
        rules.max_risk is not None,
        config.write.order == "rerank",
        "rerank" in scored_signals(rules),
    )
    if not any(readers):
        yield (
            "--rerank-model scores every candidate, but no rule reads the scores: give --score rerank, or "
            "--max-risk, or leave the model out"
        )
    unscored = removed.get(NOT_SCORED, 0)
    if rules.score == "rerank" and depth is not None and unscored:
        yield (
            f"{unscored:,} candidates are {NOT_SCORED}: --rerank-depth {depth} scores the first {depth} of "
            "every query, and --score rerank needs a score. Raise --rerank-depth, or give --unscored keep"
        )
