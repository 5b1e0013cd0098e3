"""The artifacts of `batch`, in the order they are made; they come after those of stages/plan.py."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.errors import SettingsError
from negmine.retrievers.registry import type_of
from negmine.stages.batch import tasks
from negmine.stages.batch.settings import BatchSettings, batch_settings
from negmine.stages.write.planned import left_formats, planned
from negmine.storage.layout import (
    BATCH_MAP,
    BATCH_PROVENANCE,
    CORPUS,
    PROVENANCE,
    QRELS,
    QUERIES,
    VERDICTS,
    batched,
    training,
)

NEED_VECTORS = ("cluster", "neighbour", "owner")


def batch_artifacts(context: Context, settings: BatchSettings) -> Iterable[Artifact]:
    """Yield the map, and the training file of the first --format and its provenance, in the order of batches.

    Raises SettingsError for a --by that needs vectors, where no retriever has them; for a format of several
    files, whose rows are not in parts.
    """
    config, name = context.config, context.config.write.main_format
    if planned(name).main:
        raise SettingsError(
            f"--format {name} has several files, and no order of rows. Write a format of one file first: "
            f"negmine write {context.work.name} --format triplet"
        )
    chosen = config.vector_retriever
    if chosen is None and settings.by in NEED_VECTORS:
        raise SettingsError(
            f"--by {settings.by} needs the vectors of a retriever such as dense. Give --by source or random, "
            "or mine with --retriever dense."
        )
    indexes = () if chosen is None else type_of(chosen, config).indexes(context)
    shape: dict[str, Any] = {**tasks.shaping(settings), "format": name}
    yield Artifact(
        BATCH_MAP, schemas.BATCHES, (PROVENANCE, VERDICTS, QRELS, CORPUS, QUERIES, *indexes), lambda: shape,
        partial(tasks.batch_map, settings=settings, provenance=PROVENANCE),
    )  # fmt: skip
    provenance = schemas.provenance_schema(config.score_names, False)
    yield _in_order(BATCH_PROVENANCE, PROVENANCE, provenance, name, settings)
    yield _batched(name, settings)


def _batched(name: str, settings: BatchSettings) -> Artifact:
    """The training file of a format, in the order of batches."""
    return _in_order(batched(name), training(name), schemas.training_schema({}), name, settings)


def _in_order(made: str, source: str, schema: Any, name: str, settings: BatchSettings) -> Artifact:
    return Artifact(
        made, schema, (BATCH_MAP, source), lambda: {"format": name},
        partial(tasks.reordered, name=made, source=source, settings=settings),
    )  # fmt: skip


def batches_left(context: Context) -> list[Artifact]:
    """Return the artifacts of an earlier `negmine batch`: see `status`."""
    manifest = context.work.manifest(BATCH_MAP)
    if manifest is None:
        return []
    known = BatchSettings.model_fields.keys() & manifest.settings.keys()
    given = {field: manifest.settings[field] for field in known}
    try:
        settings = batch_settings(given)
        made = list(batch_artifacts(context, settings))
    except SettingsError:
        return []  # of other retrievers, or another version of negmine
    main, formats = context.config.write.main_format, context.config.write.format
    left = (name for name in (*formats, *left_formats(context)) if name != main)
    others = (_batched(name, settings) for name in left)
    return made + [one for one in others if context.work.manifest(one.name) is not None]
