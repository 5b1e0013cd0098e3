"""Tasks of stage 3: a cross-encoder's scores for candidates and positives."""

from __future__ import annotations

from typing import Any

from negmine.config.naming import is_plugin
from negmine.data.identity import identity_of
from negmine.engine.context import Context
from negmine.engine.plugins import load_plugin
from negmine.engine.tasks import Parts
from negmine.scorers.cross_encoder import FLAG, CrossEncoder, Own, open_cross_encoder
from negmine.stages import scoring


def opened(context: Context) -> CrossEncoder | Own:
    """Return the scorer that --rerank-model names; its model loads when it first scores."""
    config = context.config
    return open_cross_encoder(
        config.rerank, config.index, context.work.digest, context.progress.note
    )


def check(context: Context) -> None:
    """Raise SettingsError, before any work, for a scorer of the user's own that cannot be imported."""
    model = str(context.config.rerank.rerank_model)
    if is_plugin(model):
        load_plugin(model, FLAG)


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes the scores: the model's files, how it is asked, how deep."""
    return {**opened(context).identity, "depth": context.config.rerank.rerank_depth}


def scores(context: Context) -> Parts:
    """Row for row beside `candidates`: the score, null below --rerank-depth."""
    scorer = opened(context)
    depth = context.config.rerank.rerank_depth
    return scoring.scores(context, lambda: scorer, identity_of(scorer.identity), depth)


def begun(context: Context) -> str:
    """Return in words how many pairs are scored before the scores are complete."""
    return scoring.count_scored(context, identity_of(opened(context).identity))
