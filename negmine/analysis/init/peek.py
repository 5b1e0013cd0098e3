"""The beginning of a file: its first rows, and about how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from negmine.data.sources.arrow_files import arrow_rows
from negmine.data.sources.formats import IPC, kind_of, read_chunks
from negmine.data.sources.parquet import open_parquet
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import CHUNK, Chunk, Row
from negmine.data.sources.text import open_bytes

PARQUET = "parquet"
_COUNTED = (PARQUET, "arrow")  # formats that say how many rows a file has


class Beginning(NamedTuple):
    """The first rows of a file. total: how many rows it has, counted or, with `is_estimate`, estimated."""

    rows: list[Row]
    total: int
    is_estimate: bool


def first_chunk(path: Path, problems: Problems) -> tuple[Chunk, Beginning]:
    """Read the first chunk of a table of documents, queries or pairs."""
    chunks = read_chunks(path, problems)
    chunk = next(chunks, None) or Chunk(0, 0, 1, list)
    rows = chunk.rows()
    chunk = replace(chunk, rows=lambda: rows)  # problems are counted once
    is_all = next(chunks, None) is None
    if kind_of(path) in _COUNTED:
        return chunk, Beginning(rows, _counted(path), False)
    return chunk, _beginning(path, rows, chunk.stop, is_all)


def first_rows(
    path: Path, read: Callable[[Path, Problems], Iterable[Row]], problems: Problems
) -> Beginning:
    """Read the first rows of judgements."""
    rows = list(islice(read(path, problems), CHUNK + 1))
    problems.raise_if_any()
    is_all = len(rows) <= CHUNK
    if path.name.lower().endswith((f".{PARQUET}", *IPC)):
        return Beginning(rows[:CHUNK], _counted(path), False)
    return _beginning(path, rows[:CHUNK], min(len(rows), CHUNK), is_all)


def _beginning(path: Path, rows: list[Row], count: int, is_all: bool) -> Beginning:
    if is_all or not rows:
        return Beginning(rows, count, False)
    share = _bytes_of_lines(path, rows[-1].number) / path.stat().st_size
    return Beginning(rows, max(round(count / share), count), True)


def _bytes_of_lines(path: Path, lines: int) -> int:
    """Return how many bytes of a file its first lines take, as they lie on disk (gzipped or not)."""
    with open_bytes(path) as stream:
        for _ in islice(stream, lines):
            pass
        on_disk = getattr(stream, "fileobj", stream)  # a gzipped stream reads another
        return max(int(on_disk.tell()), 1)


def _counted(path: Path) -> int:
    """Return how many rows a file says that it has."""
    try:
        if kind_of(path) != PARQUET:
            return arrow_rows(path)
        return int(open_parquet(path).metadata.num_rows)
    except (pa.ArrowException, OSError, ValueError):
        return 0  # the problem of reading it tells more
