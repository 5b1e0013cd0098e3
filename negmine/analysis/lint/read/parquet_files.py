"""Parquet files as raw frames of some 32 MiB, so that memory does not grow with a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from negmine.analysis.lint.read.shapes import (
    NUMBER,
    NUMBER_COLUMN,
    NUMBERS,
    TEXT,
    TEXTS,
    TYPES,
    UNKNOWN,
    Columns,
    Raw,
    kind_of_nulls,
    understand,
)
from negmine.data.frames import frame
from negmine.data.sources.formats import tell_broken_parquet
from negmine.data.sources.problems import Problems
from negmine.data.sources.text import open_bytes

MOST_BYTES, MOST_ROWS, STEP = 32 << 20, 65_536, 4_096


def parquet_frames(path: Path, said: Columns, problems: Problems) -> Iterator[Raw]:
    """Yield the shape of a file and frames of its columns and `number` (see `files.raw_frames`)."""
    open_bytes(path).close()
    try:
        file = pq.ParquetFile(path)
        shape = understand(path, {field.name: _kind(field) for field in file.schema_arrow}, said)
        number = 1
        for table in _tables(file, shape.columns()):
            rows = frame(table)
            casts = [pl.col(name).cast(TYPES[kind]) for name, kind in shape.kinds.items()]
            ids = [_id_column(name, rows) for name in shape.ids()]
            numbers = pl.int_range(number, number + rows.height, dtype=pl.Int64)
            yield shape, rows.select(*casts, *ids, numbers.alias(NUMBER_COLUMN))
            number += rows.height
    except (pa.ArrowInvalid, OSError, pl.exceptions.PolarsError) as error:
        tell_broken_parquet(path, error, problems)


def _tables(file: pq.ParquetFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield tables of some 32 MiB and at most 65,536 rows."""
    waiting: list[pa.RecordBatch] = []
    size = rows = 0
    for batch in file.iter_batches(STEP, columns=list(columns)):
        waiting.append(batch)
        size, rows = size + batch.nbytes, rows + batch.num_rows
        if size >= MOST_BYTES or rows >= MOST_ROWS:
            yield pa.Table.from_batches(waiting)
            waiting, size, rows = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _kind(field: pa.Field) -> str:
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return kind_of_nulls(field.name)
    if _is_string(kind):
        return TEXT
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = kind.value_type
        return TEXTS if _is_string(inner) else NUMBERS if _is_number(inner) else UNKNOWN
    return NUMBER if _is_number(kind) else UNKNOWN


def _is_string(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _id_column(name: str, frame: pl.DataFrame) -> pl.Expr:
    kind = frame.schema[name]
    is_list = isinstance(kind, pl.List | pl.Array)
    return pl.col(name).cast(pl.List(pl.String) if is_list else pl.String)
