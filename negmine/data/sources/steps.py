"""How many rows are unpacked at once: in a small file, many rows may share one long text.

In Parquet a text stands once in a dictionary (or, with DELTA_BYTE_ARRAY, as what differs from the row before),
and any number of rows refer to it. Unpacked, each has its own copy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from negmine.data.sources.text import LONGEST_LINE
from negmine.errors import InputError

STEP = 512  # rows at most
MOST_BYTES = 256 << 20  # about, of what is unpacked at once, unless one row has more
_UNREADABLE = (pa.ArrowException, OSError, ValueError, StopIteration)


def row_batches(
    path: Path, file: pq.ParquetFile, columns: Sequence[str] | None
) -> Iterator[pa.RecordBatch]:
    """Yield small record batches of a Parquet file. Raises what Arrow raises; InputError, see refuse_huge."""
    texts = _texts(file, columns)
    probe = pq.ParquetFile(path, metadata=file.metadata, read_dictionary=texts)
    groups = range(file.num_row_groups)
    for step, some in groupby(groups, lambda group: step_for(_longest(probe, group, texts))):
        for batch in file.iter_batches(step, row_groups=list(some), columns=columns):
            refuse_huge(path, batch)
            yield batch


def refuse_huge(path: Path, batch: pa.RecordBatch) -> None:
    """Raise InputError where a text of a batch is longer than a line of a text file may be."""
    if batch.nbytes <= LONGEST_LINE:
        return
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if _is_text(column.type) and (pc.max(pc.binary_length(column)).as_py() or 0) > LONGEST_LINE:
            raise InputError(
                f"{path} has a value of more than {LONGEST_LINE // 1_000_000} MB in column {name!r:.100}. No "
                "text may be so long. Check that this is the right file."
            )


def step_for(longest: int) -> int:
    """Return how many rows to unpack at once where a text has at most so many bytes."""
    return max(1, min(STEP, MOST_BYTES // max(1, longest)))


def longest_shared(column: pa.Array) -> int:
    """Return the bytes of the longest text that rows of a column share; 0 where each has its own."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary
    elif not _is_view(column.type):
        return 0
    if not _is_text(column.type):
        return 0
    return int(pc.max(pc.binary_length(column)).as_py() or 0)


def _is_text(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary, _is_view,
    )  # fmt: skip
    return any(is_kind(kind) for is_kind in tests)


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def _texts(file: pq.ParquetFile, columns: Collection[str] | None) -> list[str]:
    """Return the paths of the columns of texts that are read. columns: names, or paths as `outer.inner`."""
    every = (file.schema.column(place) for place in range(len(file.schema)))
    return [
        one.path
        for one in every
        if one.physical_type == "BYTE_ARRAY"
        and (columns is None or any(f"{one.path}.".startswith(f"{name}.") for name in columns))
    ]


def _longest(probe: pq.ParquetFile, group: int, texts: Sequence[str]) -> int:
    """Return the bytes of the longest text that rows of a row group may share."""
    about = probe.metadata.row_group(group)
    parts = (about.column(place) for place in range(about.num_columns))
    return max([0, *(_shared(probe, group, one) for one in parts if one.path_in_schema in texts)])


def _shared(probe: pq.ParquetFile, group: int, about: pq.ColumnChunkMetaData) -> int:
    """Return the same of one column: its first row brings the dictionary with it.

    Of DELTA_BYTE_ARRAY, which Arrow cannot read so, only the size tells how long a text may be.
    """
    try:
        first = next(probe.iter_batches(1, row_groups=[group], columns=[about.path_in_schema]))
        return max([0, *map(longest_shared, _flat(first.columns))])
    except _UNREADABLE:
        return int(about.total_uncompressed_size)


def _flat(columns: Sequence[pa.Array]) -> Iterator[pa.Array]:
    """Yield columns, and what lists and structs have in them."""
    for column in columns:
        if pa.types.is_struct(column.type):
            yield from _flat(column.flatten())
        elif pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            yield from _flat([column.values])
        else:
            yield column
