"""Vectors with ids in the user's files: Parquet, Arrow IPC (Feather), Lance, JSON lines, as dumps have them.

Each file has a column of ids and a column of lists. A folder or a pattern may name several files. Rows are
read batch by batch (vector_batches.py). Files at addresses are read from the copies that `places` brings here;
messages name the address.
"""

from __future__ import annotations

from collections.abc import Iterator
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.addresses import Address
from negmine.config.places import check_regular
from negmine.data.sources import json_vectors, lance_tables
from negmine.data.sources.places import LOCAL, Places
from negmine.data.sources.vector_batches import ENDINGS, batches, has_rows, schema_of, start_of
from negmine.data.sources.vector_columns import VectorColumns, columns_of
from negmine.errors import InputError


class VectorRows(NamedTuple):
    """Some rows of a file. ids: strings. vectors: floats or int8 [rows, dimensions]. first: from 1."""

    file: Path
    ids: pa.Array
    vectors: NDArray[np.generic]
    first: int


def has_ids(path: Path) -> bool:
    """Tell whether a path names vectors with ids; else it is taken for a .npy array in row order.

    An address is told by its name alone, so that nothing is fetched.
    """
    if isinstance(path, Address):
        return not path.name.lower().endswith(".npy")
    if path.is_dir() or (not path.exists() and has_magic(str(path))):
        return True
    by_name = path.suffix.lower() in ENDINGS or json_vectors.has_ending(path)
    if path.exists():
        check_regular(path)  # a pipe would be waited for
    try:
        return by_name or has_rows(start_of(path))
    except OSError:
        return by_name


def vector_files(path: Path, places: Places = LOCAL) -> list[Path]:
    """Return the files that a path names: itself, those of a folder, or those of a pattern, sorted by name.

    Raises InputError where there is none, or one is no regular file.
    """
    lance_tables.check_place(path)
    if isinstance(path, Address):
        return places.files(path)
    if lance_tables.is_lance(path):
        return [path]
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.suffix.lower() in ENDINGS)
        files = files or sorted(filter(json_vectors.has_ending, path.rglob("*")))
        where = "has no file of vectors in it"
    elif not path.exists() and has_magic(str(path)):
        files = sorted(map(Path, glob(str(path), recursive=True)))  # noqa: PTH207 - absolute, too
        where = "matches no file"
    else:
        files, where = [path], ""
    if not files:
        raise InputError(
            f"{path} {where}. Name Parquet or Arrow files ({', '.join(ENDINGS)}), or JSON lines."
        )
    for file in files:
        check_regular(file)
    return files


def read_vectors(
    path: Path, columns: VectorColumns, places: Places = LOCAL
) -> Iterator[VectorRows]:
    """Yield the rows of a file. Raises InputError, naming file and row, for what is no id or no vector."""
    first, width = 1, 0
    for batch in batches(path, places.local(path), columns):
        rows = _unpacked(path, batch, first, width)
        width = rows.vectors.shape[1] if batch.num_rows else width
        yield rows
        first += batch.num_rows


def width_of(path: Path, columns: VectorColumns, places: Places = LOCAL) -> int:
    """Return the number of dimensions of the first vector of a file; 0 where it has no row."""
    rows = next((rows for rows in read_vectors(path, columns, places) if len(rows.ids)), None)
    return 0 if rows is None else int(rows.vectors.shape[1])


def columns_in(
    files: list[Path],
    kind: str,
    id_column: str | None,
    column: str | None,
    places: Places = LOCAL,
) -> VectorColumns:
    """Return the columns that all these files have; raise InputError where one has others.

    kind: `document` or `query`. id_column, column: as the settings name them, None to look for them.
    """
    each = [
        columns_of(file, schema_of(file, places.local(file)), kind, id_column, column)
        for file in files
    ]
    for file, its in zip(files, each, strict=True):
        if its != each[0]:
            raise InputError(
                f"{file} has ids in {its.ids!r} and vectors in {its.vectors!r}, but {files[0]} in "
                f"{each[0].ids!r} and {each[0].vectors!r}. Name them: --vector-id-column, --vector-column."
            )
    return each[0]


def _unpacked(path: Path, batch: pa.RecordBatch, first: int, width: int) -> VectorRows:
    """Return a batch as ids and an array. width: of the rows before, 0 if there are none."""
    ids, lists = batch.column(0), batch.column(1)
    _refuse_nulls(path, ids, first, f"there is no id in {batch.schema.names[0]!r}")
    _refuse_nulls(path, lists, first, "there is no vector")
    counts = _lengths(lists)
    width = width or int(counts[:1].sum())
    odd = np.flatnonzero((counts != width) | (counts == 0))
    if len(odd):
        place = int(odd[0])
        raise InputError(
            f"{path}, row {first + place:,}: the vector has {counts[place]:,} dimensions, others have "
            f"{width:,}. All must have the same."
        )
    numbers = lists.flatten()
    if numbers.null_count:
        place = int(np.flatnonzero(np.asarray(numbers.is_null()))[0]) // width
        raise InputError(
            f"{path}, row {first + place:,}: a number of the vector is missing (null)."
        )
    vectors = numbers.to_numpy(zero_copy_only=False).reshape(len(ids), width)
    return VectorRows(path, ids.cast(pa.large_string()), vectors, first)


def _refuse_nulls(path: Path, column: pa.Array, first: int, what: str) -> None:
    if column.null_count:
        place = int(np.flatnonzero(np.asarray(column.is_null()))[0])
        raise InputError(
            f"{path}, row {first + place:,}: {what} ({column.null_count:,} such rows)."
        )


def _lengths(lists: pa.Array) -> NDArray[np.int64]:
    if pa.types.is_fixed_size_list(lists.type):
        return np.full(len(lists), lists.type.list_size, np.int64)
    return np.asarray(lists.value_lengths(), np.int64)
