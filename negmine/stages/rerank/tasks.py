"""Tasks of stage 3: a cross-encoder's scores for candidates and positives."""

from __future__ import annotations

from typing import Any

from negmine.config.naming import is_plugin
from negmine.config.plugins import load_plugin
from negmine.data.identity import identity_of
from negmine.engine.context import Context
from negmine.engine.tasks import Parts
from negmine.models.locate import resolve_model
from negmine.models.token_encoder import is_multi_vector
from negmine.scorers.cross_encoder import FLAG, CrossEncoder, Own, open_cross_encoder
from negmine.scorers.late import LateInteraction
from negmine.stages import scoring
from negmine.storage.layout import VECTORS
from negmine.storage.vectors import count_encoded


def opened(context: Context) -> CrossEncoder | LateInteraction | Own:
    """Return the scorer that --rerank-model names; its model loads when it first scores."""
    config, digest, note = context.config, context.work.digest, context.progress.note
    name = str(config.rerank.rerank_model)
    if not is_plugin(name) and is_multi_vector(resolve_model(name, digest, FLAG)):
        store = context.work.cache(VECTORS)
        return LateInteraction(config.rerank, config.index, digest, store, note)
    return open_cross_encoder(config.rerank, config.index, digest, note)


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
    own_cache = isinstance(scorer, LateInteraction)
    cache = None if own_cache else identity_of(scorer.identity)
    return scoring.scores(context, lambda: scorer, cache, depth)


def begun(context: Context) -> str:
    """Return in words how many pairs are scored, or texts encoded, before the scores are complete."""
    scorer = opened(context)
    if isinstance(scorer, LateInteraction):
        return count_encoded(context.work.root / VECTORS, scorer.encoders)
    return scoring.count_scored(context, identity_of(scorer.identity))
