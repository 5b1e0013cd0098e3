"""Parquet files as raw frames of some 32 MiB, so that memory does not grow with a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.analysis.lint.read.columns import kind_of_nulls, shape_of
from negmine.analysis.lint.read.row_files import id_column
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
    python_values,
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
            ids = [_id_column(name, table[name]) for name in shape.ids()]
            named = {name: table[name] for name in shape.kinds}
            rows = frame(pa.table(named))  # without metadata, which may be no UTF-8
            numbers = pl.int_range(number, number + rows.height, dtype=pl.Int64)
            values = [pl.col(name).cast(TYPES[kind]) for name, kind in shape.kinds.items()]
            texts, is_text = _decoded(rows)
            whole = texts.select(*values, numbers.alias(ROW_NUMBER)).with_columns(ids)
            _tell_bytes(path, whole.filter(~is_text)[ROW_NUMBER].to_list(), problems)
            yield shape, whole.filter(is_text)
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
    is_text = _is_string(arrow) or pa.types.is_binary(arrow) or pa.types.is_large_binary(arrow)
    return TEXT if is_text else NUMBER if _is_number(arrow) else UNKNOWN


def _is_string(arrow: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(arrow) for is_kind in kinds)


def _is_number(arrow: pa.DataType) -> bool:
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return any(is_kind(arrow) for is_kind in kinds)


def _decoded(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return rows with texts in place of bytes, and for each row whether all of its bytes are UTF-8."""
    of_bytes = [name for name, kind in rows.schema.items() if kind == pl.Binary]
    texts = rows.with_columns(_as_text(rows[name]) for name in of_bytes)
    is_text = pl.Series("is_text", [True]).new_from_index(0, rows.height)
    for name in of_bytes:
        is_text &= texts[name].is_not_null() | rows[name].is_null()
    return texts, is_text


def _as_text(column: pl.Series) -> pl.Series:
    """Return bytes as texts; null where they are not UTF-8."""

    def decoded(value: bytes | None) -> str | None:
        with suppress(UnicodeDecodeError):
            return None if value is None else value.decode()
        return None

    return pl.Series(column.name, [decoded(value) for value in column], pl.String)


def _tell_bytes(path: Path, numbers: list[int], problems: Problems) -> None:
    for number in numbers:
        problems.add(
            "bytes that are no text",
            file=path,
            row=number,
            message="a text is wanted, these are bytes that are not UTF-8",
            remedy="Write texts as UTF-8.",
        )


def _id_column(name: str, column: pa.ChunkedArray) -> pl.Series:
    """Return ids as texts, or as lists of them."""
    if pa.types.is_integer(column.type) or _is_string(column.type):
        return pl.Series(name, frame(pa.table({"id": column}))["id"].cast(pl.String))
    return id_column(name, python_values(column))
