"""Rows out of jsonl, csv, tsv and Parquet files, plain or gzipped.

Every reader yields chunks of `Row`s: the line (or row) number for messages, the position among all data
rows (bad ones count), and the values by column name.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from negmine.errors import InputError
from negmine.sources.problems import Problems
from negmine.sources.text import Line, lines, open_bytes

CHUNK = 16_384
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


class Row(NamedTuple):
    """One data row."""

    number: int  # physical line, or row of a Parquet file, from 1
    position: int  # among all data rows, from 0
    values: dict[str, Any]


Reader = Callable[[Path, Problems], Iterator[Row]]


def kind_of(path: Path) -> str:
    """Return jsonl, csv, tsv or parquet by the file's name; raise InputError for others."""
    name = path.name.lower().removesuffix(".gz")
    for ending, kind in _ENDINGS.items():
        if name.endswith(ending):
            return kind
    known = ", ".join(_ENDINGS)
    raise InputError(f"{path}: what format is this? Known endings: {known}, each also with .gz.")


def read_rows(path: Path, problems: Problems) -> Iterator[Row]:
    """Yield the rows of a file of any known format."""
    return _READERS[kind_of(path)](path, problems)


def _json_rows(path: Path, problems: Problems) -> Iterator[Row]:
    position = -1
    for line in lines(path, problems):
        if not line.text.strip():
            continue
        position += 1
        try:
            value = json.loads(line.text)
        except ValueError as error:
            _bad_json(problems, path, line, str(error))
            continue
        if isinstance(value, dict):
            yield Row(line.number, position, value)
        else:
            _bad_json(problems, path, line, f"a JSON {type(value).__name__}, not an object")


def _bad_json(problems: Problems, path: Path, line: Line, what: str) -> None:
    problems.add(
        "invalid JSON",
        file=path,
        row=line.number,
        message=f"invalid JSON: {what}: {line.text.strip()[:60]!r}",
        remedy="Each line must be one JSON object.",
    )


def _separated_rows(delimiter: str, quoting: Any) -> Reader:
    def read(path: Path, problems: Problems) -> Iterator[Row]:
        text = (line.text for line in lines(path, problems))
        reader = csv.reader(text, delimiter=delimiter, quoting=quoting, strict=False)
        header: list[str] | None = None
        position, start = -1, 1
        for fields in reader:
            first, start = start, reader.line_num + 1
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

    return read


def _parquet_rows(path: Path, problems: Problems) -> Iterator[Row]:
    position = -1
    for batch in parquet_batches(path, problems):
        for values in batch.to_pylist():
            position += 1
            yield Row(position + 1, position, values)


def parquet_batches(path: Path, problems: Problems) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of a Parquet file."""
    open_bytes(path).close()
    try:
        yield from pq.ParquetFile(path).iter_batches(CHUNK)
    except (pa.ArrowInvalid, OSError) as error:
        tell_broken_parquet(path, error, problems)


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
    "jsonl": _json_rows,
    "csv": _separated_rows(",", csv.QUOTE_MINIMAL),
    "tsv": _separated_rows("\t", csv.QUOTE_NONE),
    "parquet": _parquet_rows,
}
