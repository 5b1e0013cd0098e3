"""Rows out of jsonl, csv, tsv, Parquet and Arrow files; texts plain or gzipped.

Every reader yields chunks (rows.py).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from negmine.data.sources.arrow_files import arrow_chunks
from negmine.data.sources.json_lines import json_chunks
from negmine.data.sources.parquet import parquet_chunks
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import Chunk, Row, in_chunks
from negmine.data.sources.separated import separated_rows
from negmine.errors import InputError

IPC = (".arrow", ".feather", ".ipc")
Reader = Callable[[Path, Problems], Iterator[Chunk]]


def kind_of(path: Path) -> str:
    """Return jsonl, csv, tsv, parquet or arrow by the file's name; raise InputError for others."""
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


_ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    **dict.fromkeys(IPC, "arrow"),
}
_READERS: dict[str, Reader] = {
    "jsonl": json_chunks,
    "csv": lambda path, problems: in_chunks(separated_rows(path, problems, ",", csv.QUOTE_MINIMAL)),
    "tsv": lambda path, problems: in_chunks(separated_rows(path, problems, "\t", csv.QUOTE_NONE)),
    "parquet": parquet_chunks,
    "arrow": arrow_chunks,
}
