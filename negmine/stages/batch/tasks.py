"""Tasks of `batch`: the map, and the rows of training file and provenance in its order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from negmine.config.naming import counted
from negmine.data.frames import table
from negmine.data.schemas import BATCHES, conform
from negmine.engine.context import Context
from negmine.engine.tasks import Stream
from negmine.errors import InputError
from negmine.stages.batch.compose import compose
from negmine.stages.batch.outcome import Composed
from negmine.stages.batch.settings import FILES, BatchSettings
from negmine.stages.batch.shuffle import ends_of, in_order, part_rows
from negmine.storage.json_lines import JSON_LINES
from negmine.storage.layout import BATCH_MAP
from negmine.storage.parquet import PARQUET
from negmine.storage.workdir import PARTIAL


def batch_map(context: Context, settings: BatchSettings, provenance: str) -> Stream:
    """Which row of the training file stands where: batch, place, row, query_id, cluster, why."""

    @cache
    def composed() -> Composed:
        result = compose(context, settings, provenance)
        if not result.stats["batches"]:
            raise InputError(_no_batch(context, settings, result))
        return result

    def tables() -> Iterator[pa.Table]:
        for rows in composed().rows.iter_slices(part_rows(settings.batch_size)):
            yield table(rows, BATCHES)

    return Stream(tables(), lambda: composed().stats)


def _no_batch(context: Context, settings: BatchSettings, result: Composed) -> str:
    rows, fullest = result.rows.height, result.stats["fullest"]
    if not rows:
        return f"The training file has no row. negmine write {context.work.name} says why."
    how = f"--batch-size {fullest} or less" if fullest > 1 else "a larger collection"
    return (
        f"There is no batch of {settings.batch_size} rows in which no row contradicts another: of {rows:,} "
        f"rows, the most that fit together are {counted(fullest, 'rows')}. Give {how}, {fewer(context)}."
    )


def fewer(context: Context) -> str:
    """Return what makes rows contradict each other less, as the end of a sentence."""
    write = context.config.write
    if write.main_format != "n-tuple":
        return "or write fewer negatives, or one row per query and positive (--format n-tuple)"
    if write.positives == "all":
        return "or write fewer negatives, or one positive per query (--positives best)"
    return "or write fewer negatives"


def reordered(context: Context, name: str, source: str, settings: BatchSettings) -> Stream:
    """The rows of an artifact in the order of the map, in parts of whole batches, or a part for each file.

    name: of the new artifact. With --layout files, rows that have no batch are left out.
    """
    files = context.work.part_files(source)
    lines = bool(files) and files[0].suffix == f".{JSON_LINES}"
    placed = context.work.scan(BATCH_MAP).select("row", "batch").collect()
    order = placed["row"].to_numpy()
    ends = ends_of(len(order), part_rows(settings.batch_size))
    if settings.layout == FILES:
        ends = placed["batch"].drop_nulls().rle().struct.field("len").cum_sum().to_numpy()

    def tables() -> Iterator[pa.Table]:
        folder = context.work.local(name) / PARTIAL / "aside"
        schema = None if lines else pq.read_schema(files[0])
        for rows in in_order(map(_read, files), order, ends.astype(np.int64), folder):
            arrow = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
            yield arrow if schema is None else conform(arrow, schema)

    return Stream(tables() if files else iter(()), dict, JSON_LINES if lines else PARQUET)


def _read(path: Path) -> pl.DataFrame:
    if path.suffix == f".{JSON_LINES}":
        return pl.read_ndjson(path, infer_schema_length=None)
    return pl.read_parquet(path, glob=False)


def shaping(settings: BatchSettings) -> dict[str, Any]:
    """Return what shapes the map: the settings that count with this --by."""
    values = settings.model_dump(mode="json")
    clustered = settings.queries_in_cluster if settings.by == "cluster" else None
    if settings.layout != FILES:
        del values["layout"]  # so that maps made before there was one stay fresh
    return values | {"cluster_size": clustered}
