"""Notes on settings that do less than they seem to."""

from __future__ import annotations

from collections.abc import Iterator

from negmine.config.resolved import ResolvedConfig
from negmine.engine.context import Context
from negmine.stages.filter.rules.table import scored_signals
from negmine.storage.layout import VERDICTS

NOT_SCORED = "not_scored"


def note_advice(context: Context) -> None:
    """Note what the settings in force leave unused, once the verdicts are there."""
    verdicts = context.work.manifest(VERDICTS)
    if verdicts is not None:
        for note in advice(context.config, dict(verdicts.stats.get("removed", {}))):
            context.progress.note(note)


def advice(config: ResolvedConfig, removed: dict[str, int]) -> Iterator[str]:
    """Yield a sentence for each such setting. removed: reason to number of candidates."""
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
