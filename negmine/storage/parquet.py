"""Parts: Parquet files (or JSON lines) that carry the identity of their artifact."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from negmine.storage.json_lines import JSON_LINES, count_lines

PARQUET = "parquet"
ROW_GROUP = 131_072
_IDENTITY = b"negmine.identity"


def part_name(number: int, kind: str = PARQUET) -> str:
    """Return the file name of part `number`, from 0. kind: `parquet` or `jsonl`."""
    return f"part-{number:05d}.{kind}"


def read_part(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """Read a Parquet file with Polars, which is several times as fast as pyarrow and loads no pandas."""
    return pl.read_parquet(path, columns=columns, glob=False)


def write_table(table: pa.Table, stream: BinaryIO) -> None:
    """Write Parquet: dictionaries for strings, where they pay; statistics for all but strings."""
    is_text = {field.name: pa.types.is_large_string(field.type) for field in table.schema}
    pq.write_table(
        table, stream, compression="zstd", row_group_size=ROW_GROUP,
        use_dictionary=[name for name, text in is_text.items() if text],
        write_statistics=[name for name, text in is_text.items() if not text],
        write_page_checksum=True,
    )  # fmt: skip


def with_identity(table: pa.Table, identity: str) -> pa.Table:
    """Return the table with the identity of its artifact in its metadata."""
    return table.replace_schema_metadata(
        {**(table.schema.metadata or {}), _IDENTITY: identity.encode()}
    )


def identity_of_part(path: Path) -> str | None:
    """Return the identity that a Parquet part carries; None for another file, or none at all."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, ValueError, pa.ArrowException):
        return None
    value = metadata.get(_IDENTITY)
    return value.decode("utf-8", "replace") if value else None


def rows_of(path: Path) -> int | None:
    """Return the rows of a part; None of an index's own file."""
    if path.suffix == f".{PARQUET}":
        return int(pq.read_metadata(path).num_rows)
    return count_lines(path) if path.suffix == f".{JSON_LINES}" else None
