"""The two columns of a file of vectors, batch by batch: Parquet, Arrow IPC, JSON lines, or a table of Lance.

What a file is, its first bytes tell. Numbers of Parquet, Arrow and Lance stay in Arrow's buffers, and never
become Python lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from negmine.data.sources import json_vectors, lance_tables
from negmine.data.sources.steps import STEP, longest_shared, row_batches, step_for
from negmine.data.sources.vector_columns import VectorColumns, column_at
from negmine.errors import InputError

ENDINGS = (".parquet", ".arrow", ".feather", ".ipc")
_PARQUET, _ARROW, _STREAM = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"
_TABLES = (_PARQUET, _ARROW, _STREAM)
_BROKEN = (pa.ArrowException, OSError, ValueError)


def start_of(path: Path) -> bytes:
    """Return the first bytes of a file; raise OSError where it cannot be opened."""
    with path.open("rb") as stream:
        return stream.read(6)


def has_rows(start: bytes) -> bool:
    """Tell by the first bytes of a file, which is not gzipped, whether it has rows of ids and vectors."""
    return start.startswith((*_TABLES, json_vectors.OBJECT))


def _is_json_lines(path: Path, start: bytes) -> bool:
    return not start.startswith(_TABLES) and json_vectors.is_json_lines(path, start)


def schema_of(shown: Path, path: Path) -> pa.Schema:
    """Return the columns of a file. shown: what messages call it. Raises InputError for one of another kind."""
    if lance_tables.is_lance(path):
        return lance_tables.schema_of(path)
    try:
        start = start_of(path)
        if _is_json_lines(path, start):
            return json_vectors.schema_of(shown, path)
        if start.startswith(_PARQUET):
            return pq.read_schema(path)
        with pa.memory_map(str(path)) as source:
            opened = pa.ipc.open_file if start.startswith(_ARROW) else pa.ipc.open_stream
            return opened(source).schema
    except _BROKEN as error:
        raise _unreadable(shown, error) from error


def batches(shown: Path, path: Path, columns: VectorColumns) -> Iterator[pa.RecordBatch]:
    """Yield small batches of ids and vectors; each is checked, since a damaged file may be read."""
    try:
        for batch in _read(shown, path, columns):
            batch.validate(full=True)
            yield _taken(batch, columns)
    except _BROKEN as error:
        raise _unreadable(shown, error) from error


def _read(shown: Path, path: Path, columns: VectorColumns) -> Iterator[pa.RecordBatch]:
    if lance_tables.is_lance(path):
        names = _outer(columns, lance_tables.schema_of(path).names)
        yield from lance_tables.batches(path, names, STEP)
        return
    start = start_of(path)
    if _is_json_lines(path, start):
        yield from json_vectors.batches(shown, path, columns, STEP)
    elif start.startswith(_PARQUET):
        yield from row_batches(path, pq.ParquetFile(path), list(columns))
    else:
        with pa.memory_map(str(path)) as source:
            yield from _pieces(_arrow(source, start), columns)


def _arrow(source: pa.NativeFile, start: bytes) -> Iterator[pa.RecordBatch]:
    if not start.startswith(_ARROW):
        yield from pa.ipc.open_stream(source)
        return
    file = pa.ipc.open_file(source)
    yield from (file.get_batch(number) for number in range(file.num_record_batches))


def _pieces(several: Iterable[pa.RecordBatch], columns: VectorColumns) -> Iterator[pa.RecordBatch]:
    for batch in several:
        some = batch.select(_outer(columns, batch.schema.names))
        if set(some.schema.names) != set(columns):
            some.validate(full=True)  # before a column is taken out of another
        two = _taken(some, columns)
        step = step_for(longest_shared(two.column(0)))
        yield from (two.slice(start, step) for start in range(0, two.num_rows, step))


def _taken(batch: pa.RecordBatch, columns: VectorColumns) -> pa.RecordBatch:
    """Return ids and vectors of a batch, under their whole names."""
    names = list(columns)
    return pa.RecordBatch.from_arrays([column_at(batch, name) for name in names], names)


def _outer(columns: VectorColumns, there: list[str]) -> list[str]:
    """Return the columns to read, without what follows a point where it names one in a column of objects."""
    outer = (name if name in there else name.partition(".")[0] for name in columns)
    return list(dict.fromkeys(outer))


def _unreadable(path: Path, error: Exception) -> InputError:
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InputError(f"{path} cannot be read as Parquet or Arrow ({why}). Write it again.")
