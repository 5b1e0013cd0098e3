"""What readers yield: rows, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa

CHUNK = 16_384


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
    left = iter(rows)
    while some := list(islice(left, CHUNK)):
        yield Chunk(some[0].position, some[-1].position + 1, some[0].number, partial(list, some))
