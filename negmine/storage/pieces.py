"""Pieces of a part: tables that are made alone, for the part to be merged from. They go with `.partial`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.storage import cooperation
from negmine.storage.contents import HASH, has_recorded_hash, record_hash
from negmine.storage.files import atomic_write, new_folder
from negmine.storage.folders import files_in
from negmine.storage.parquet import identity_of_part, read_part, with_identity, write_table
from negmine.storage.workdir import PARTIAL, Workdir


def write_piece(
    work: Workdir, name: str, part: int, piece: int, table: pa.Table, identity: str
) -> None:
    """Write a piece of a part of an artifact, atomically; then its hash beside it."""
    path = new_folder(work.local(name) / PARTIAL) / _file(part, piece)
    with atomic_write(path) as stream:
        write_table(with_identity(table, identity), stream)
    record_hash(path)
    cooperation.put_piece(work, name, path.name, identity)


def has_piece(work: Workdir, name: str, part: int, piece: int, identity: str) -> bool:
    """Tell whether a piece of this identity is there, with the bytes that were written."""
    file = _file(part, piece)
    path = work.local(name) / PARTIAL / file
    if identity_of_part(path) == identity and has_recorded_hash(path):
        return True
    return cooperation.has_piece(work, name, file, identity)


def read_pieces(
    work: Workdir, name: str, part: int, count: int, identity: str
) -> list[pl.DataFrame]:
    """Return all pieces of a part, in order."""
    pieces = []
    for piece in range(count):
        with cooperation.brought_piece(work, name, _file(part, piece), identity) as path:
            pieces.append(read_part(path))
    return pieces


def pieces_alone(work: Workdir, name: str, identity: str) -> Path:
    """Return the unfinished folder of an artifact, with nothing in it but pieces of this identity."""
    folder = new_folder(work.local(name) / PARTIAL)
    for file in files_in(folder, PARTIAL):
        path = folder / file
        kept = path.with_suffix("") if path.suffix == f".{HASH}" else path
        if not _is_piece(kept) or identity_of_part(kept) != identity:
            path.unlink()
    return folder


def remove_pieces(work: Workdir, name: str) -> None:
    """Remove the pieces of an artifact: it is whole without them."""
    for path in list((work.local(name) / PARTIAL).glob("piece-*")):
        path.unlink()


def _is_piece(path: Path) -> bool:
    return path.name.startswith("piece-") and path.suffix == ".parquet"


def _file(part: int, piece: int) -> str:
    return f"piece-{part:05d}-{piece:05d}.parquet"
