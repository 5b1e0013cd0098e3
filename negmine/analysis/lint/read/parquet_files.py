"""Parquet files as raw frames of some 32 MiB, so that memory does not grow with a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.analysis.lint.read.columns import kind_of_nulls, shape_of
from negmine.analysis.lint.read.shapes import (
    NUMBER,
    NUMBERS,
    ROW_NUMBER,
    TEXT,
    TEXTS,
    TYPES,
    UNKNOWN,
    RawFrame,
)
from negmine.analysis.lint.settings import LintSettings
from negmine.data.frames import frame
from negmine.data.sources.parquet import (
    open_parquet,
    parquet_batches,
    tables,
    tell_broken_parquet,
)
from negmine.data.sources.problems import Problems
from negmine.errors import InputError

MOST_BYTES, MOST_ROWS = 32 << 20, 65_536


def parquet_frames(path: Path, settings: LintSettings, problems: Problems) -> Iterator[RawFrame]:
    """Yield the shape of a file and its raw frames (see `files.raw_frames`)."""
    try:
        kinds = {field.name: _kind(field) for field in open_parquet(path).schema_arrow}
        shape = shape_of(path, kinds, settings)
        number = 1
        batches = parquet_batches(path, problems, shape.columns())
        for table in tables(batches, MOST_ROWS, MOST_BYTES):
            rows = frame(table)
            values = [pl.col(name).cast(TYPES[kind]) for name, kind in shape.kinds.items()]
            ids = [_id_column(name, rows) for name in shape.ids()]
            numbers = pl.int_range(number, number + rows.height, dtype=pl.Int64)
            yield shape, rows.select(*values, *ids, numbers.alias(ROW_NUMBER))
            number += rows.height
    except InputError:
        raise
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as error:
        tell_broken_parquet(path, error, problems)


def _kind(field: pa.Field) -> str:
    """Return what the values of an Arrow column are (see shapes.py)."""
    arrow = field.type
    if pa.types.is_dictionary(arrow):
        arrow = arrow.value_type
    if pa.types.is_null(arrow):
        return kind_of_nulls(field.name)
    if (
        pa.types.is_list(arrow)
        or pa.types.is_large_list(arrow)
        or pa.types.is_fixed_size_list(arrow)
    ):
        inner = arrow.value_type
        return TEXTS if _is_string(inner) else NUMBERS if _is_number(inner) else UNKNOWN
    return TEXT if _is_string(arrow) else NUMBER if _is_number(arrow) else UNKNOWN


def _is_string(arrow: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(arrow) for is_kind in kinds)


def _is_number(arrow: pa.DataType) -> bool:
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return any(is_kind(arrow) for is_kind in kinds)


def _id_column(name: str, rows: pl.DataFrame) -> pl.Expr:
    is_list = isinstance(rows.schema[name], pl.List | pl.Array)
    return pl.col(name).cast(pl.List(pl.String) if is_list else pl.String)
