"""jsonl, csv and tsv files as raw frames of some 16 MiB, so that memory does not grow with a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

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
    Shape,
)
from negmine.analysis.lint.read.values import READERS, is_float
from negmine.analysis.lint.settings import LintSettings
from negmine.data.sources.formats import read_rows
from negmine.data.sources.problems import Problems
from negmine.data.sources.records import as_id
from negmine.data.sources.rows import Row

MOST_CHARACTERS, MOST_ROWS = 16 << 20, 16_384


def row_frames(path: Path, settings: LintSettings, problems: Problems) -> Iterator[RawFrame]:
    """Yield the shape of a file and its raw frames (see `files.raw_frames`)."""
    shape: Shape | None = None
    for rows in _chunks(read_rows(path, problems)):
        shape = shape or shape_of(path, _kinds(rows), settings)
        yield shape, _frame(rows, shape, path, problems)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Yield lists of rows with some 16 million characters, at most 16,384 rows."""
    waiting: list[Row] = []
    size = 0
    for row in rows:
        waiting.append(row)
        for value in row.values.values():
            if isinstance(value, str):
                size += len(value)
            elif isinstance(value, list):
                size += sum(len(one) for one in value if isinstance(one, str))
        if size >= MOST_CHARACTERS or len(waiting) >= MOST_ROWS:
            yield waiting
            waiting, size = [], 0
    if waiting:
        yield waiting


def _kinds(rows: Sequence[Row]) -> dict[str, str]:
    """Return what the values of every column are: of the first value that says so."""
    kinds: dict[str, str] = {}
    has_values = set()
    for row in rows:
        for name, value in row.values.items():
            if kinds.get(name, UNKNOWN) == UNKNOWN:
                kinds[name] = _kind(name, value)
            if value is not None:
                has_values.add(name)
    return {
        name: kind if name in has_values else kind_of_nulls(name) for name, kind in kinds.items()
    }


def _kind(name: str, value: Any) -> str:
    if isinstance(value, list):
        first = next((one for one in value if one is not None), None)
        if isinstance(first, int | float):
            return NUMBERS
        is_empty = first is None and name.lower() in ("pos", "neg", "positives", "negatives")
        return TEXTS if isinstance(first, str) or is_empty else UNKNOWN
    may_be_number = name.lower() in ("label", "score", "margin")  # csv and tsv hold texts only
    if isinstance(value, int | float) or (may_be_number and is_float(value)):
        return NUMBER
    return TEXT if isinstance(value, str) else UNKNOWN


def _frame(rows: Sequence[Row], shape: Shape, path: Path, problems: Problems) -> pl.DataFrame:
    """Return the columns of rows; a row with a value of the wrong kind becomes a problem."""
    try:
        columns = [_column(rows, name, kind) for name, kind in shape.kinds.items()]
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        rows = [row for row in rows if _is_readable(row, shape, path, problems)]
        columns = [_column(rows, name, kind) for name, kind in shape.kinds.items()]
    ids = [id_column(name, [row.values.get(name) for row in rows]) for name in shape.ids()]
    numbers = pl.Series(ROW_NUMBER, [row.number for row in rows], pl.Int64)
    return pl.DataFrame([*columns, *ids, numbers])


def _column(rows: Sequence[Row], name: str, kind: str) -> pl.Series:
    """Return a column. Raises TypeError, ValueError or a Polars error for a value of another kind."""
    values = [row.values.get(name) for row in rows]
    if kind != TEXT:  # Polars refuses by itself what is no text
        values = [READERS[kind](value) for value in values]
    return pl.Series(name, values, TYPES[kind], strict=True)


def _is_readable(row: Row, shape: Shape, path: Path, problems: Problems) -> bool:
    """Return whether all values are of their kinds; add a problem where one is not."""
    try:
        for name, kind in shape.kinds.items():
            READERS[kind](row.values.get(name))
    except (TypeError, ValueError) as error:
        problems.add(
            "a value of the wrong kind",
            file=path,
            row=row.number,
            message=str(error),
            remedy="Write texts as texts, scores and labels as numbers.",
        )
        return False
    return True


def id_column(name: str, values: list[Any]) -> pl.Series:
    """Return ids as texts, or as lists of texts where one of them is a list."""
    if not any(isinstance(value, list) for value in values):
        return pl.Series(name, [as_id(value) for value in values], pl.String)
    lists = [value if isinstance(value, list) else [value] for value in values]
    return pl.Series(name, [[as_id(one) for one in ids] for ids in lists], pl.List(pl.String))
