"""jsonl, csv and tsv files as raw frames of some 16 MiB, so that memory does not grow with a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from negmine.analysis.lint.read.shapes import (
    NUMBER,
    NUMBER_COLUMN,
    NUMBERS,
    TEXT,
    TEXTS,
    TYPES,
    UNKNOWN,
    Columns,
    Raw,
    Shape,
    kind_of_nulls,
    understand,
)
from negmine.data.sources.formats import read_rows
from negmine.data.sources.problems import Problems
from negmine.data.sources.records import as_id
from negmine.data.sources.rows import Row

MOST_CHARACTERS, MOST_ROWS = 16 << 20, 16_384


def row_frames(path: Path, said: Columns, problems: Problems) -> Iterator[Raw]:
    """Yield the shape of a file and frames of its columns and `number` (see `files.raw_frames`)."""
    shape: Shape | None = None
    for rows in _chunks(read_rows(path, problems)):
        shape = shape or understand(path, _kinds_of_rows(rows), said)
        yield shape, _frame(rows, shape, path, problems)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
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


def _kinds_of_rows(rows: Sequence[Row]) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for row in rows:
        for name, value in row.values.items():
            if kinds.get(name, UNKNOWN) == UNKNOWN:
                kinds[name] = _kind_of_value(name, value)
    nulls = {name for row in rows for name in row.values} - {
        name for row in rows for name, value in row.values.items() if value is not None
    }
    return kinds | {name: kind_of_nulls(name) for name in nulls}


def _kind_of_value(name: str, value: Any) -> str:
    if isinstance(value, list):
        one = next((one for one in value if one is not None), None)
        if isinstance(one, int | float):
            return NUMBERS
        empty = one is None and name.lower() in ("pos", "neg", "positives", "negatives")
        return TEXTS if isinstance(one, str) or empty else UNKNOWN
    if isinstance(value, int | float) or (
        name.lower() in ("label", "score", "margin") and _floats(value)
    ):
        return NUMBER
    return TEXT if isinstance(value, str) else UNKNOWN


def _floats(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _frame(rows: Sequence[Row], shape: Shape, path: Path, problems: Problems) -> pl.DataFrame:
    """Return the columns of rows; a row with a value of the wrong kind becomes a problem."""
    try:
        columns = [_column(rows, name, kind) for name, kind in shape.kinds.items()]
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        rows = [row for row in rows if _is_good(row, shape, path, problems)]
        columns = [_column(rows, name, kind) for name, kind in shape.kinds.items()]
    ids = [_id_series(name, [_ids(row.values.get(name)) for row in rows]) for name in shape.ids()]
    numbers = pl.Series(NUMBER_COLUMN, [row.number for row in rows], pl.Int64)
    return pl.DataFrame([*columns, *ids, numbers])


def _column(rows: Sequence[Row], name: str, kind: str) -> pl.Series:
    """Return a column. Raises TypeError, ValueError or a Polars error where a value is of another kind."""
    values = [row.values.get(name) for row in rows]
    if kind != TEXT:  # Polars is as strict with texts as _text is
        values = [_READERS[kind](value) for value in values]
    return pl.Series(name, values, TYPES[kind], strict=True)


def _is_good(row: Row, shape: Shape, path: Path, problems: Problems) -> bool:
    """Say whether all values are of their kinds; add a problem where one is not."""
    try:
        for name, kind in shape.kinds.items():
            _READERS[kind](row.values.get(name))
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


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        if value is not None and not value.isascii():
            value.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
        return value
    raise TypeError(f"a text is wanted, this is {value!r:.60}")


def _texts(value: Any) -> list[str | None] | None:
    if value is None or isinstance(value, list):
        return None if value is None else [_text(one) for one in value]
    return [_text(value)]


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) or (isinstance(value, str) and _floats(value)):
        return float(value)
    raise TypeError(f"a number is wanted, this is {value!r:.60}")


def _numbers(value: Any) -> list[float | None] | None:
    if value is None or isinstance(value, list):
        return None if value is None else [_number(one) for one in value]
    raise TypeError(f"a list of numbers is wanted, this is {value!r:.60}")


_READERS: dict[str, Callable[[Any], Any]] = {
    TEXT: _text, TEXTS: _texts, NUMBER: _number, NUMBERS: _numbers,
}  # fmt: skip


def _ids(value: Any) -> Any:
    return [as_id(one) for one in value] if isinstance(value, list) else as_id(value)


def _id_series(name: str, values: list[Any]) -> pl.Series:
    if any(isinstance(value, list) for value in values):
        lists = [value if isinstance(value, list) else [value] for value in values]
        return pl.Series(name, lists, pl.List(pl.String))
    return pl.Series(name, values, pl.String)
