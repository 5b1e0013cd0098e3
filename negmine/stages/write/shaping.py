"""What shapes the rows of training files and provenance, as far as settings and earlier rounds go."""

from __future__ import annotations

from typing import Any

from negmine.config.sampling import settings_of_negatives
from negmine.config.settings import WriteSettings
from negmine.engine.context import Context
from negmine.stages.write.planned import planned
from negmine.storage.rounds import record_file


def of_format(context: Context, name: str, *own: str) -> dict[str, Any]:
    """Return what shapes the rows of a format; of `own`, settings that few formats have, those that are set."""
    settings = context.config.write
    random = ("random_negatives", "random_shared", "seed") if settings.random_negatives else ()
    scores = ("teacher",) if planned(name).teacher != "none" else ()
    few = pick(settings, *scores, *own)
    return {
        "format": name,
        **chosen(context),
        **pick(settings, "relabel", *random),
        **{name: value for name, value in few.items() if value is not None},
    }


def chosen(context: Context) -> dict[str, Any]:
    """Return what says which candidates become negatives, and of which queries."""
    settings = context.config.write
    kept = last_round(context) if settings.keep_share else {}
    stays = (
        settings.relabel and settings.drop_positives == "suspected"
    )  # queries that have nothing else
    relabel = {"relabel": True} if stays else {}
    return {**pick(settings, *settings_of_negatives(settings)), **kept, **relabel}


def beside(context: Context) -> dict[str, Any]:
    """Return what shapes only provenance: settings that are not off, and the round."""
    settings = context.config.write
    values = pick(settings, "weight", "level").items()
    own = {name: value for name, value in values if value not in ("none", False)}
    return own | of_round(context)


def of_round(context: Context) -> dict[str, Any]:
    """Return the round and what the last one wrote; nothing in round 1."""
    number = context.config.round
    return {} if number == 1 else {"round": number, **last_round(context)}


def last_round(context: Context) -> dict[str, str]:
    """Return the hash of what the last round wrote; nothing before it is recorded."""
    path = record_file(context.work, context.config.round - 1)
    return {} if path is None else {"last_round": context.work.digest(path)[:16]}


def pick(settings: WriteSettings, *fields: str) -> dict[str, Any]:
    """Return some settings by name."""
    values = settings.model_dump(mode="json")
    return {name: value for name, value in values.items() if name in fields}
