"""Rows that must be compared with each other, put aside in buckets by key and read again bucket by bucket.

Rows with the same key are in the same bucket (Grace hash partitioning; Kitsuregawa et al. 1983). As long as all
rows fit into 192 MiB they stay in memory, as one bucket.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from negmine.storage.files import new_folder, write_rows

MOST_BYTES = 192 << 20


class Spill:
    """Tables of rows, each partitioned by a uint64 column."""

    def __init__(self, folder: Path, buckets: int, most_bytes: int = MOST_BYTES) -> None:
        """Take a folder, which is made, and how many buckets there are on disk."""
        self._folder, self._buckets, self._most_bytes = new_folder(folder), buckets, most_bytes
        self._waiting: dict[str, list[pl.DataFrame]] = {}
        self._keys: dict[str, str] = {}
        self._size, self._flushes = 0.0, 0

    def add(self, table: str, rows: pl.DataFrame, key: str) -> None:
        """Put rows of a table aside, in the buckets of the column `key`."""
        self._keys[table] = key
        self._waiting.setdefault(table, []).append(rows)
        self._size += rows.estimated_size()
        if self._size >= self._most_bytes:
            self._flush()

    def close(self) -> None:
        """End the adding: if some rows are on disk, the others follow them."""
        if self._flushes:
            self._flush()

    def buckets(self, *tables: str) -> Iterator[list[pl.DataFrame | None]]:
        """Yield the rows of these tables, bucket by bucket; None for a table without rows there."""
        for bucket in range(self._buckets if self._flushes else 1):
            yield [self._read(table, bucket) for table in tables]

    def _read(self, table: str, bucket: int) -> pl.DataFrame | None:
        """Return the rows of a bucket in the order in which they were added."""
        if self._flushes:
            files = sorted(self._folder.glob(f"{table}-{bucket:04d}-*.arrow"))
            parts = [pl.read_ipc(file) for file in files]
        else:
            parts = self._waiting.get(table, [])
        return pl.concat(parts) if parts else None

    def _flush(self) -> None:
        for table, waiting in self._waiting.items():
            if not waiting:
                continue
            bucket = (pl.col(self._keys[table]) % self._buckets).cast(pl.Int32).alias("_bucket")
            rows = pl.concat(waiting).with_columns(bucket)
            waiting.clear()
            for part in rows.partition_by("_bucket", maintain_order=True):
                name = f"{table}-{part['_bucket'][0]:04d}-{self._flushes:06d}.arrow"
                write_rows(self._folder / name, part.drop("_bucket"))
        self._flushes += 1
        self._size = 0.0
