"""Stage write in the plan: passes over all verdicts, training files, provenance, the data card."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from negmine.config.settings import WriteSettings
from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.retrievers.registry import type_of
from negmine.stages.filter.contamination.dropped import drops
from negmine.stages.filter.limits import compute as limits
from negmine.stages.index.shaping import direction
from negmine.stages.write import passes, refresh, shaping
from negmine.stages.write import tasks as write_tasks
from negmine.stages.write.card import tasks as card_tasks
from negmine.stages.write.compute import count_short
from negmine.stages.write.depth import count_deep
from negmine.stages.write.planned import left_formats, planned, planned_schema
from negmine.storage.layout import (
    CARD,
    CONTAMINATED,
    CORPUS,
    LIMITS,
    PROVENANCE,
    QRELS,
    QUERIES,
    REFRESH,
    REUSE,
    SCALES,
    SHORT,
    SUSPECTS,
    VERDICTS,
    provenance,
    training,
)


def artifacts(context: Context) -> Iterable[Artifact]:
    """Yield the artifacts of stage write, in the order they are made."""
    config = context.config
    settings, checked = config.write, (CONTAMINATED,) if config.filter.decontaminate else ()
    yield from _passes(context)
    yield from (_training(context, name) for name in settings.format)
    yield from (_provenance(context, name) for name in settings.format)
    yield Artifact(
        SHORT, schemas.SHORT, _chosen_from(context), lambda: shaping.chosen(context),
        write_tasks.short, count_short, revision=3,
    )  # fmt: skip
    if config.round > 1:
        yield Artifact(
            REFRESH, schemas.REFRESH, _chosen_from(context),
            lambda: shaping.chosen(context) | shaping.of_round(context), refresh.refresh,
            refresh.count_refresh,
        )  # fmt: skip
    yield Artifact(
        CARD, None,
        (
            *map(training, settings.format), PROVENANCE, SHORT, *_refresh(context), VERDICTS,
            *_limits(context), *checked, *_suspects(settings), QRELS, CORPUS,
        ),
        partial(card_tasks.shaping, context), card_tasks.card, revision=2,
    )  # fmt: skip


def _training(context: Context, name: str) -> Artifact:
    settings = context.config.write
    return Artifact(
        training(name), planned_schema(name, settings),
        _once(*_chosen_from(context), CORPUS, QUERIES, *_random_from(settings)),
        lambda: shaping.of_format(context, name, *planned(name).instructions) | direction(context.config.index),
        partial(write_tasks.training, name=name),
    )  # fmt: skip


def _provenance(context: Context, name: str) -> Artifact:
    config, settings = context.config, context.config.write
    return Artifact(
        provenance(name, settings.main_format),
        schemas.provenance_schema(
            config.score_names, False, rounds=config.round > 1, origins=config.generates,
            shared=config.shares_generated,
        ),
        _once(*_chosen_from(context), *_random_from(settings), *_scales(settings)),
        lambda: {
            **shaping.of_format(context, name), **shaping.beside(context), **direction(config.index)
        },
        partial(write_tasks.provenance, name=name),
        partial(
            count_deep,
            retrievers=config.retriever_names,
            random_negatives=settings.random_negatives,
        ),
    )  # fmt: skip


def _passes(context: Context) -> Iterable[Artifact]:
    """Yield what reads all verdicts once before the files are written, where there is a need."""
    settings = context.config.write
    if settings.max_reuse is not None:
        yield Artifact(
            REUSE,
            schemas.REUSE,
            _selected_from(context),
            lambda: shaping.chosen(context),
            passes.reuse,
        )
    if passes.needs_scales(settings):
        yield Artifact(
            SCALES, schemas.SCALES, _chosen_from(context),
            lambda: shaping.chosen(context) | shaping.pick(settings, "weight", "level"), passes.scales,
        )  # fmt: skip


def _selected_from(context: Context) -> tuple[str, ...]:
    """Return what negatives are selected from: verdicts, and vectors where the sampling compares them."""
    chosen = context.config.vector_retriever
    verdicts = (VERDICTS, *_dropped(context), *_suspects(context.config.write))
    if context.config.write.sampling != "diverse" or chosen is None:
        return verdicts
    return (*verdicts, *type_of(chosen, context.config).indexes(context), CORPUS)


def _chosen_from(context: Context) -> tuple[str, ...]:
    limit = (REUSE,) if context.config.write.max_reuse is not None else ()
    return (*_selected_from(context), *limit)


def _suspects(settings: WriteSettings) -> tuple[str, ...]:
    return (SUSPECTS,) if settings.drop_positives == "suspected" else ()


def _refresh(context: Context) -> tuple[str, ...]:
    return (REFRESH,) if context.config.round > 1 else ()


def _once(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _random_from(settings: WriteSettings) -> tuple[str, ...]:
    return (CORPUS, QUERIES, QRELS) if settings.random_negatives else ()


def _scales(settings: WriteSettings) -> tuple[str, ...]:
    return (SCALES,) if passes.needs_scales(settings) else ()


def other_formats(context: Context) -> list[Artifact]:
    """Return training files of other formats that an earlier command has left: see `status`."""
    others = left_formats(context)
    others_made = [_training(context, name) for name in others]
    others_made += [_provenance(context, name) for name in others]
    return [one for one in others_made if context.work.manifest(one.name) is not None]


def _dropped(context: Context) -> tuple[str, ...]:
    return (CONTAMINATED,) if drops(context.config.filter) else ()


def _limits(context: Context) -> tuple[str, ...]:
    return (LIMITS,) if limits.needed(context.config.filter) else ()
