"""Tasks of the guides: each guide's scores for candidates and positives."""

from __future__ import annotations

from typing import Any

from negmine.engine.context import Context
from negmine.engine.tasks import Parts
from negmine.scorers.guide import Guide
from negmine.stages import scoring
from negmine.storage.layout import VECTORS
from negmine.storage.vectors import count_encoded


def opened(context: Context, place: int) -> Guide:
    """Return the guide in this place of --guide-model; its model loads when it first scores."""
    config = context.config
    store = context.work.cache(VECTORS)
    return Guide(
        place, config.filter, config.index, context.work.digest, store, context.progress.note
    )


def shaping(context: Context, place: int) -> dict[str, Any]:
    """Return what shapes the scores: the identities of the guide's encoders."""
    return {str(kind): identity for kind, identity in opened(context, place).identity.items()}


def scores(context: Context, place: int) -> Parts:
    """Row for row beside `candidates`: the cosine of the guide's vectors."""
    return scoring.scores(context, lambda: opened(context, place), None)


def begun(context: Context, place: int) -> str:
    """Return in words how many texts are encoded before the scores are complete."""
    encoders = opened(context, place).identity.values()
    return count_encoded(context.work.root / VECTORS, encoders)
