"""An evaluation set that is one file: its rows need no ids, and a `.txt` file has a text in every line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from negmine.data.sources.columns import find
from negmine.data.sources.formats import kind_of, read_chunks
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import Chunk, Row, in_chunks
from negmine.data.sources.text import lines


def is_list(path: Path) -> bool:
    """Tell whether a file is a plain list of texts, `.txt` or `.txt.gz`."""
    return path.name.lower().removesuffix(".gz").endswith(".txt")


def check_kind(path: Path) -> None:
    """Raise InputError for a file of an unknown format."""
    if not is_list(path):
        kind_of(path)


def rows_with_ids(path: Path, problems: Problems, id_column: str) -> Iterator[Chunk]:
    """Yield the rows of a file; without a column of ids, each has the number of its line (Parquet: row)."""
    if is_list(path):
        yield from in_chunks(_texts(path, problems, id_column))
        return
    has_ids = find(id_column, columns_of(path)) is not None
    for chunk in read_chunks(path, problems):
        numbered = partial(_numbered, chunk, id_column)
        yield chunk if has_ids else Chunk(chunk.start, chunk.stop, chunk.number, numbered)


def columns_of(path: Path) -> list[str]:
    """Return the names of the columns in the first row of a file; none where it has no row."""
    chunk = next(iter(read_chunks(path, Problems(skip=True))), None)
    first = [] if chunk is None else chunk.rows()[:1]
    return [name for row in first for name in row.values]


def _texts(path: Path, problems: Problems, id_column: str) -> Iterator[Row]:
    """Yield a row for every line that is not blank."""
    position = -1
    for line in lines(path, problems):
        text = line.text.strip()
        if text:
            position += 1
            yield Row(line.number, position, {id_column: str(line.number), "text": text})


def _numbered(chunk: Chunk, id_column: str) -> list[Row]:
    return [row._replace(values={id_column: row.number, **row.values}) for row in chunk.rows()]
