"""Vectors with ids in JSON lines, as dumps of Qdrant and others have them: an object with a list of numbers.

Python reads them, a line at a time, since Arrow's reader ends the process where brackets are nested deeply.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from negmine.config.json_text import parsed
from negmine.data.sources.problems import Problems
from negmine.data.sources.text import raw_lines
from negmine.data.sources.vector_columns import VectorColumns
from negmine.errors import InputError, cut

OBJECT, _GZIP = b"{", b"\x1f\x8b"  # what a file begins with
ENDINGS = (".jsonl", ".ndjson", ".json")  # each may be .gz
_LONGEST = 60  # characters of a line in a message


def is_json_lines(path: Path, start: bytes) -> bool:
    """Tell by the first bytes of a file whether it is JSON lines, or gzipped; else by its name."""
    return start.startswith((OBJECT, _GZIP)) or has_ending(path)


def has_ending(path: Path) -> bool:
    """Tell by a name whether a file is JSON lines."""
    return path.name.lower().removesuffix(".gz").endswith(ENDINGS)


def schema_of(shown: Path, path: Path) -> pa.Schema:
    """Return the columns of the first object. shown: what messages call the file. Raises InputError."""
    first = next(_objects(shown, path), None)
    if first is None:
        raise InputError(f"{shown} has no row. Write one JSON object a line.")
    return pa.schema([(name, _type_of(value)) for name, value in first.items()])


def batches(shown: Path, path: Path, columns: VectorColumns, step: int) -> Iterator[pa.RecordBatch]:
    """Yield ids and vectors, `step` rows at a time; null where an object has none. Raises InputError."""
    rows: list[tuple[Any, Any]] = []
    first = 1
    for value in _objects(shown, path):
        rows.append((_at(value, columns.ids), _at(value, columns.vectors)))
        if len(rows) == step:
            yield _batch(shown, rows, first, columns)
            first, rows = first + step, []
    if rows:
        yield _batch(shown, rows, first, columns)


def _objects(shown: Path, path: Path) -> Iterator[dict[str, Any]]:
    problems = Problems(skip=False, offers_skip=False)
    row = 0
    for _, raw in raw_lines(path, problems):
        if not raw.strip():
            continue
        row += 1
        try:
            value = parsed(raw)
        except ValueError as error:
            raise _no_object(shown, row, raw, str(error)) from error
        if not isinstance(value, dict):
            raise _no_object(shown, row, raw, f"a {type(value).__name__}")
        yield value
    problems.raise_if_any()


def _no_object(shown: Path, row: int, raw: bytes, why: str) -> InputError:
    text = cut(raw.decode(errors="replace").strip(), _LONGEST)
    return InputError(
        f"{shown}, row {row:,}: no JSON object ({why}): {text!r}. Write one object a line."
    )


def _at(value: Any, name: str) -> Any:
    """Return what an object has under a name, or under `outer.inner`; None where it has not."""
    if isinstance(value, dict) and name in value:
        return value[name]
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _batch(
    shown: Path, rows: list[tuple[Any, Any]], first: int, columns: VectorColumns
) -> pa.RecordBatch:
    ids = [_id(one, shown, first + n) for n, (one, _) in enumerate(rows)]
    lists = [one for _, one in rows]
    kind = pa.list_(pa.float64())
    try:
        vectors = pa.array(lists, kind)
    except (pa.ArrowException, TypeError, ValueError):
        for n, one in enumerate(lists):
            _check_vector(one, kind, shown, first + n)
        raise
    return pa.RecordBatch.from_arrays([pa.array(ids, pa.string()), vectors], list(columns))


def _id(value: Any, shown: Path, row: int) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InputError(
        f"{shown}, row {row:,}: the id {cut(repr(value), _LONGEST)} is no string and no whole number."
    )


def _check_vector(value: Any, kind: pa.DataType, shown: Path, row: int) -> None:
    try:
        pa.array([value], kind)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(
            f"{shown}, row {row:,}: {cut(repr(value), _LONGEST)} is no list of numbers."
        ) from error


def _type_of(value: Any) -> pa.DataType:
    """Return the type of a value, as far as it tells ids and vectors from others."""
    if isinstance(value, dict):
        return pa.struct([(name, _type_of(inner)) for name, inner in value.items()])
    if isinstance(value, str):
        return pa.string()
    if isinstance(value, list):
        is_vector = value and all(type(one) in (int, float) for one in value)
        return pa.list_(pa.float64() if is_vector else pa.null())
    return pa.int64() if type(value) is int else pa.null()
