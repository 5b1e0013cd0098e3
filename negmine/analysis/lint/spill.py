"""What has to be compared over rows, put aside in buckets by key: one bucket at a time is read again.

Rows with the same key meet in the same bucket (Grace hash partitioning; Kitsuregawa et al. 1983). What fits
into 192 MiB stays in memory and is one bucket.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

MOST_BYTES = 192 << 20


class Spill:
    """Tables of rows, each partitioned by a uint64 column."""

    def __init__(self, folder: Path, buckets: int, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._many, self._most = folder, buckets, most_bytes
        self._waiting: dict[str, list[pl.DataFrame]] = {}
        self._by: dict[str, str] = {}
        self._size, self._flushes = 0.0, 0

    def add(self, table: str, rows: pl.DataFrame, by: str) -> None:
        """Put rows aside under a table's name, to be met again by the column `by`."""
        self._by[table] = by
        self._waiting.setdefault(table, []).append(rows)
        self._size += rows.estimated_size()
        if self._size >= self._most:
            self._flush()

    def close(self) -> None:
        """Say that all is there; what waits goes to the others on disk, if there are any."""
        if self._flushes:
            self._flush()

    @property
    def buckets(self) -> int:
        """How many buckets there are to read."""
        return self._many if self._flushes else 1

    def read(self, table: str, bucket: int) -> pl.DataFrame | None:
        """Return the rows of a bucket in the order they came, or None where there are none."""
        if not self._flushes:
            waiting = self._waiting.get(table, [])
            return pl.concat(waiting) if waiting else None
        files = sorted(self._folder.glob(f"{table}-{bucket:04d}-*.arrow"))
        found = [pl.read_ipc(file) for file in files]
        return pl.concat(found) if found else None

    def each(self, *tables: str) -> Iterator[list[pl.DataFrame | None]]:
        """Yield the rows of several tables, bucket by bucket."""
        for bucket in range(self.buckets):
            yield [self.read(table, bucket) for table in tables]

    def _flush(self) -> None:
        for table, waiting in self._waiting.items():
            if not waiting:
                continue
            bucket = (pl.col(self._by[table]) % self._many).cast(pl.Int32).alias("_bucket")
            rows = pl.concat(waiting).with_columns(bucket)
            waiting.clear()
            for part in rows.partition_by("_bucket", maintain_order=True):
                name = f"{table}-{part['_bucket'][0]:04d}-{self._flushes:06d}.arrow"
                part.drop("_bucket").write_ipc(self._folder / name)
        self._flushes += 1
        self._size = 0.0
