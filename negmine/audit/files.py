"""The user's files as raw frames: the columns that count, and the number of every row.

Parquet is read as Arrow batches, jsonl (csv, tsv) with the readers of `negmine.sources`. A frame holds some
32 MiB of text, so that memory does not grow with a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from negmine.audit.shapes import NUMBER, NUMBERS, TEXT, TEXTS, UNKNOWN, Columns, Shape, understand
from negmine.errors import InputError
from negmine.sources.formats import Row, kind_of, read_rows
from negmine.sources.problems import Problems
from negmine.sources.records import as_id
from negmine.sources.text import open_bytes

MOST_BYTES, MOST_ROWS, STEP = 32 << 20, 65_536, 4_096
NUMBER_COLUMN = "number"  # line or row, from 1
_TYPES: dict[str, Any] = {
    TEXT: pl.String, TEXTS: pl.List(pl.String), NUMBER: pl.Float64, NUMBERS: pl.List(pl.Float64),
}  # fmt: skip
Raw = tuple[Shape, pl.DataFrame]


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return the files that are meant: a folder stands for its .parquet or else its .jsonl files."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            kind_of(path)
            open_bytes(path).close()
            found.append(path)
            continue
        inside = sorted(path.glob("*.parquet")) or sorted(path.glob("*.jsonl*"))
        if not inside:
            formats = [f.name for f in sorted((path / "5-write").glob("*")) if _is_training(f)]
            hint = f" Name {path / '5-write' / formats[0]}." if formats else ""
            raise InputError(f"{path} has no .parquet and no .jsonl files in it.{hint}")
        found += inside
    return found


def _is_training(folder: Path) -> bool:
    return folder.is_dir() and folder.name not in ("provenance", "short")


def raw_frames(path: Path, said: Columns, problems: Problems) -> Iterator[Raw]:
    """Yield the shape of a file and frames of its columns and `number`.

    Raises InputError where it cannot be told what the columns are; bad rows become problems.
    """
    if kind_of(path) == "parquet":
        yield from _parquet_frames(path, said, problems)
        return
    shape: Shape | None = None
    for rows in _chunks(read_rows(path, problems)):
        shape = shape or understand(path, _kinds_of_rows(rows), said)
        yield shape, _frame(rows, shape, path, problems)


def parquet_rows(paths: Sequence[Path]) -> int | None:
    """Return how many rows Parquet files have; None where one of them is of another format."""
    if any(kind_of(path) != "parquet" for path in paths):
        return None
    try:
        return sum(int(pq.read_metadata(path).num_rows) for path in paths)
    except (pa.ArrowInvalid, OSError):
        return None


# -- Parquet ---------------------------------------------------------------------------------


def _parquet_frames(path: Path, said: Columns, problems: Problems) -> Iterator[Raw]:
    open_bytes(path).close()
    try:
        file = pq.ParquetFile(path)
        shape = understand(path, {field.name: _kind(field) for field in file.schema_arrow}, said)
        number = 1
        for table in tables(file, columns_of(shape)):
            frame = pl.from_arrow(table)
            assert isinstance(frame, pl.DataFrame)
            casts = [pl.col(name).cast(_TYPES[kind]) for name, kind in shape.kinds.items()]
            ids = [_id_column(name, frame) for name in _id_names(shape)]
            numbers = pl.int_range(number, number + frame.height, dtype=pl.Int64)
            yield shape, frame.select(*casts, *ids, numbers.alias(NUMBER_COLUMN))
            number += frame.height
    except (pa.ArrowInvalid, OSError, pl.exceptions.PolarsError) as error:
        problems.add(
            "broken Parquet",
            file=path,
            row=None,
            message=f"cannot be read as Parquet ({str(error).splitlines()[0]})",
            remedy="Write the file again.",
            safe_to_skip=False,
        )


def tables(file: pq.ParquetFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield tables of some 32 MiB and at most 65,536 rows."""
    waiting: list[pa.RecordBatch] = []
    size = rows = 0
    for batch in file.iter_batches(STEP, columns=list(columns)):
        waiting.append(batch)
        size, rows = size + batch.nbytes, rows + batch.num_rows
        if size >= MOST_BYTES or rows >= MOST_ROWS:
            yield pa.Table.from_batches(waiting)
            waiting, size, rows = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _kind(field: pa.Field) -> str:
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return TEXT if field.name.lower().startswith("neg") else UNKNOWN
    if _is_string(kind):
        return TEXT
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = kind.value_type
        return TEXTS if _is_string(inner) else NUMBERS if _is_number(inner) else UNKNOWN
    return NUMBER if _is_number(kind) else UNKNOWN


def _is_string(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def columns_of(shape: Shape) -> list[str]:
    """Return the columns that are read of a file."""
    return list(dict.fromkeys([*shape.kinds, *_id_names(shape)]))


def _id_names(shape: Shape) -> list[str]:
    ids = (shape.query_id, shape.positive_ids, shape.negative_ids)
    return [name for name in ids if name and name not in shape.kinds]


def _id_column(name: str, frame: pl.DataFrame) -> pl.Expr:
    kind = frame.schema[name]
    is_list = isinstance(kind, pl.List | pl.Array)
    return pl.col(name).cast(pl.List(pl.String) if is_list else pl.String)


# -- jsonl, csv, tsv -------------------------------------------------------------------------


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
        if size >= MOST_BYTES or len(waiting) >= MOST_ROWS:
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
    return kinds


def _kind_of_value(name: str, value: Any) -> str:
    if isinstance(value, list):
        one = next((one for one in value if one is not None), None)
        if isinstance(one, int | float):
            return NUMBERS
        empty = one is None and name.lower() in ("pos", "neg", "positives", "negatives")
        return TEXTS if isinstance(one, str) or empty else UNKNOWN
    if isinstance(value, int | float) or (name.lower() in ("label", "score") and _floats(value)):
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
    data: dict[str, list[Any]] = {name: [] for name in shape.kinds}
    ids: dict[str, list[Any]] = {name: [] for name in _id_names(shape)}
    numbers: list[int] = []
    readers = [(name, _READERS[kind]) for name, kind in shape.kinds.items()]
    for row in rows:
        try:
            values = [(name, read(row.values.get(name))) for name, read in readers]
        except (TypeError, ValueError) as error:
            problems.add(
                "a value of the wrong kind",
                file=path,
                row=row.number,
                message=str(error),
                remedy="Write texts as texts, scores and labels as numbers.",
            )
            continue
        for name, value in values:
            data[name].append(value)
        for name in ids:
            ids[name].append(_ids(row.values.get(name)))
        numbers.append(row.number)
    columns = [pl.Series(n, values, _TYPES[shape.kinds[n]]) for n, values in data.items()]
    columns += [_id_series(name, values) for name, values in ids.items()]
    return pl.DataFrame([*columns, pl.Series(NUMBER_COLUMN, numbers, pl.Int64)])


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
