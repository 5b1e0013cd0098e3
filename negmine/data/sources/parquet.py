"""Rows out of Parquet files: batches whose texts are UTF-8, and the values that Python cannot hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from negmine.config.places import check_regular
from negmine.data.sources.columns import check_names
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import CHUNK, MOST_BYTES, Chunk, Row
from negmine.data.sources.steps import row_batches
from negmine.errors import InputError

_BROKEN = (pa.ArrowException, OSError, ValueError)
_UNHOLDABLE = (pa.ArrowException, ValueError, OverflowError, TypeError, LookupError, ImportError)


def parquet_chunks(path: Path, problems: Problems) -> Iterator[Chunk]:
    """Yield the rows of a Parquet file."""
    return chunks_of(parquet_batches(path, problems))


def chunks_of(batches: Iterator[pa.RecordBatch]) -> Iterator[Chunk]:
    """Yield the rows of small record batches, in chunks."""
    start = 0
    for table in tables(batches, CHUNK, MOST_BYTES):
        rows = partial(_rows, table, start)
        yield Chunk(start, start + table.num_rows, start + 1, rows, partial(_same, table))
        start += table.num_rows


def parquet_batches(
    path: Path, problems: Problems, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield small record batches of a Parquet file; one that cannot be read to its end becomes a problem.

    columns: those to read, or None for all. Bytes that are UTF-8 come as strings, as Spark and Impala write
    texts; strings that are not UTF-8 come as bytes.
    """
    try:
        names = None if columns is None else list(columns)
        file = open_parquet(path)
        for batch in row_batches(path, file, names):
            yield with_strings(batch)
    except InputError:
        raise
    except _BROKEN as error:
        tell_broken_parquet(path, error, problems)


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file. Raises InputError for no regular file, and where a column is there twice."""
    check_regular(path)
    file = pq.ParquetFile(path)
    check_names(path, file.schema_arrow.names)
    return file


def tables(
    batches: Iterator[pa.RecordBatch], most_rows: int, most_bytes: int
) -> Iterator[pa.Table]:
    """Yield tables of some batches each, as long as they have no more rows and bytes than that."""
    waiting: list[pa.RecordBatch] = []
    size = rows = 0
    for batch in batches:
        if waiting and (rows + batch.num_rows > most_rows or size >= most_bytes):
            yield pa.Table.from_batches(_of_one_kind(waiting))
            waiting, size, rows = [], 0, 0
        waiting.append(batch)
        size, rows = size + batch.nbytes, rows + batch.num_rows
    if waiting:
        yield pa.Table.from_batches(_of_one_kind(waiting))


def _of_one_kind(batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """Return batches of one schema: a column that is bytes in one of them is bytes in all."""
    if all(batch.schema.equals(batches[0].schema) for batch in batches):
        return list(batches)
    places = range(batches[0].num_columns)
    kinds = [
        next((k for b in batches if _is_bytes(k := b.schema.field(n).type)), None) for n in places
    ]
    return [
        pa.RecordBatch.from_arrays(
            [
                column if kind is None else column.cast(kind)
                for column, kind in zip(batch.columns, kinds, strict=True)
            ],
            names=batch.schema.names,
        )
        for batch in batches
    ]


def with_strings(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch in which bytes that are UTF-8 are strings, and strings that are not are bytes."""
    for place, field in enumerate(batch.schema):
        column = batch.column(place)
        if _is_bytes(field.type):
            try:
                column = column.cast(pa.large_string())
            except pa.ArrowInvalid:  # no text: refused where a text is wanted
                column = column.cast(pa.large_binary())
        elif _is_string(field.type) and not _is_utf8(column):
            column = column.cast(pa.large_binary())
        else:
            continue
        batch = batch.set_column(place, pa.field(field.name, column.type), column)
    return batch


def _is_utf8(column: pa.Array) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _is_bytes(kind: pa.DataType) -> bool:
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return any(is_kind(kind) for is_kind in tests)


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _same(table: pa.Table) -> pa.Table:
    return table


def _rows(table: pa.Table, start: int) -> list[Row]:
    names = table.column_names
    columns = zip(*(python_values(column) for column in table.columns), strict=True)
    values = columns if names else [()] * table.num_rows
    return [
        Row(position + 1, position, dict(zip(names, row, strict=True)))
        for position, row in enumerate(values, start)
    ]


def python_values(column: pa.ChunkedArray) -> list[Any]:
    """Return the values of a column, also those that Python has no type for (see _value)."""
    try:
        values: list[Any] = column.to_pylist()
    except _UNHOLDABLE:
        return [_value(one) for one in column]
    return values


def _value(scalar: pa.Scalar) -> Any:
    """Return a value; dates and times that Python has none for as text, else as the number that is stored."""
    try:
        return scalar.as_py()
    except _UNHOLDABLE:
        pass
    if isinstance(scalar, pa.ListScalar):
        return [_value(one) for one in scalar.values]
    if isinstance(scalar, pa.StructScalar):
        return {name: _value(scalar[place]) for place, name in enumerate(scalar)}
    try:
        return scalar.cast(pa.string()).as_py()
    except _UNHOLDABLE:
        return str(getattr(scalar, "value", "unreadable"))


def tell_broken_parquet(path: Path, error: Exception, problems: Problems) -> None:
    """Add the problem of a Parquet file that cannot be read to its end."""
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    is_packed = path.suffix == ".gz"
    problems.add(
        "broken Parquet",
        file=path,
        row=None,
        message=f"cannot be read as Parquet ({reason:.200})",
        remedy="Parquet is compressed by itself: gunzip it."
        if is_packed
        else "Write the file again.",
        safe_to_skip=False,
    )
