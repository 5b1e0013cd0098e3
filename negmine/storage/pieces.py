"""Pieces of a part: tables that are made alone, for the part to be merged from. They go with `.partial`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.storage.contents import has_recorded_hash, record_hash
from negmine.storage.files import atomic_write, new_folder
from negmine.storage.parquet import identity_of_part, read_part, with_identity, write_table
from negmine.storage.workdir import PARTIAL, Workdir


def write_piece(
    work: Workdir, name: str, part: int, piece: int, table: pa.Table, identity: str
) -> None:
    """Write a piece of a part of an artifact, atomically; then its hash beside it."""
    path = _path(work, name, part, piece)
    new_folder(path.parent)
    with atomic_write(path) as stream:
        write_table(with_identity(table, identity), stream)
    record_hash(path)


def has_piece(work: Workdir, name: str, part: int, piece: int, identity: str) -> bool:
    """Tell whether a piece of this identity is there, with the bytes that were written."""
    path = _path(work, name, part, piece)
    return identity_of_part(path) == identity and has_recorded_hash(path)


def read_pieces(work: Workdir, name: str, part: int, count: int) -> list[pl.DataFrame]:
    """Return all pieces of a part, in order."""
    return [read_part(_path(work, name, part, piece)) for piece in range(count)]


def _path(work: Workdir, name: str, part: int, piece: int) -> Path:
    return work.local(name) / PARTIAL / f"piece-{part:05d}-{piece:05d}.parquet"
