"""What readers yield: rows, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa

CHUNK = 16_384  # rows at most
MOST_BYTES = 64 << 20  # about, of the texts of a chunk


class Row(NamedTuple):
    """One data row."""

    number: int  # physical line, or row of a Parquet file, from 1
    position: int  # among all data rows, from 0; bad ones count
    values: dict[str, Any]


@dataclass(frozen=True)
class Chunk:
    """The data rows from position `start` up to `stop`, read when they are asked for.

    rows: those that can be read; the others become problems. table: the same at once, one column a key,
    where all of them can be read and lie one to a line, the first in line `number`; else None.
    """

    start: int
    stop: int
    number: int
    rows: Callable[[], list[Row]]
    table: Callable[[], pa.Table | None] = lambda: None


def in_chunks(rows: Iterable[Row]) -> Iterator[Chunk]:
    """Yield chunks of rows that are read one by one."""
    some: list[Row] = []
    size = 0
    for row in rows:
        if some and (len(some) == CHUNK or size >= MOST_BYTES):
            yield _chunk(some)
            some, size = [], 0
        some.append(row)
        size += sum(len(value) for value in row.values.values() if isinstance(value, str))
    if some:
        yield _chunk(some)


def _chunk(rows: list[Row]) -> Chunk:
    return Chunk(rows[0].position, rows[-1].position + 1, rows[0].number, partial(list, rows))
