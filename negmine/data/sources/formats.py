"""Rows out of jsonl, csv, tsv and Parquet files, plain or gzipped.

Every reader yields chunks (rows.py).
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from negmine.data.sources.json_lines import json_chunks
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import CHUNK, Chunk, Row, in_chunks
from negmine.data.sources.text import lines, open_bytes
from negmine.errors import InputError

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


Reader = Callable[[Path, Problems], Iterator[Chunk]]


def kind_of(path: Path) -> str:
    """Return jsonl, csv, tsv or parquet by the file's name; raise InputError for others."""
    name = path.name.lower().removesuffix(".gz")
    for ending, kind in _ENDINGS.items():
        if name.endswith(ending):
            return kind
    endings = ", ".join(_ENDINGS)
    raise InputError(f"{path}: what format is this? Known endings: {endings}, each also with .gz.")


def read_chunks(path: Path, problems: Problems) -> Iterator[Chunk]:
    """Yield the rows of a file of any known format, in chunks."""
    return _READERS[kind_of(path)](path, problems)


def read_rows(path: Path, problems: Problems) -> Iterator[Row]:
    """Yield the rows of a file of any known format, one by one."""
    for chunk in read_chunks(path, problems):
        yield from chunk.rows()


def _separated(delimiter: str, quoting: Any) -> Reader:
    def rows(path: Path, problems: Problems) -> Iterator[Row]:
        text = (line.text for line in lines(path, problems))
        header: list[str] | None = None
        position = -1
        reader = csv.reader(text, delimiter=delimiter, quoting=quoting, strict=True)
        for first, fields in _records(reader, path, problems):
            if not fields or (len(fields) == 1 and not fields[0].strip()):
                continue
            if header is None:
                header = [name.strip() for name in fields]
                continue
            position += 1
            if len(fields) == len(header):
                yield Row(first, position, dict(zip(header, fields, strict=True)))
            else:
                problems.add(
                    "wrong number of fields",
                    file=path,
                    row=first,
                    message=f"{len(fields)} fields where the header has {len(header)}",
                    remedy="Quote fields that hold the separator (csv), or repair the row.",
                )

    return lambda path, problems: in_chunks(rows(path, problems))


def _records(reader: Any, path: Path, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which a record begins, and its fields. Broken quotes end it: they swallow rows."""
    start = 1
    try:
        for fields in reader:
            yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        is_open = "unexpected end" in str(error)
        problems.add(
            "broken quotes",
            file=path,
            row=start,
            message="a quote that is opened here is never closed"
            if is_open
            else f"the quotes of this row cannot be read ({error})",
            remedy='Close the field, and write a quote inside of quotes twice: "".',
            safe_to_skip=False,
        )


def _parquet_chunks(path: Path, problems: Problems) -> Iterator[Chunk]:
    start = 0
    for batch in parquet_batches(path, problems):
        rows, table = partial(_batch_rows, batch, start), partial(pa.Table.from_batches, [batch])
        yield Chunk(start, start + batch.num_rows, start + 1, rows, table)
        start += batch.num_rows


def _batch_rows(batch: pa.RecordBatch, start: int) -> list[Row]:
    values = enumerate(batch.to_pylist(), start)
    return [Row(position + 1, position, row) for position, row in values]


def parquet_batches(path: Path, problems: Problems) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of a Parquet file."""
    open_bytes(path).close()
    try:
        yield from map(_with_strings, pq.ParquetFile(path).iter_batches(CHUNK))
    except (pa.ArrowInvalid, OSError) as error:
        tell_broken_parquet(path, error, problems)


def _with_strings(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with strings in place of bytes that are UTF-8, as Spark and Impala write texts."""
    for place, field in enumerate(batch.schema):
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            with suppress(pa.ArrowInvalid):  # no text: refused where a text is wanted
                texts = batch.column(place).cast(pa.large_string())
                batch = batch.set_column(place, field.with_type(pa.large_string()), texts)
    return batch


def tell_broken_parquet(path: Path, error: Exception, problems: Problems) -> None:
    """Add the problem of a Parquet file that cannot be read to its end."""
    problems.add(
        "broken Parquet",
        file=path,
        row=None,
        message=f"cannot be read as Parquet ({str(error).splitlines()[0]})",
        remedy="Write the file again.",
        safe_to_skip=False,
    )


_ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
_READERS: dict[str, Reader] = {
    "jsonl": json_chunks,
    "csv": _separated(",", csv.QUOTE_MINIMAL),
    "tsv": _separated("\t", csv.QUOTE_NONE),
    "parquet": _parquet_chunks,
}
