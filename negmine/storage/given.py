"""Tables that a caller gave in memory, kept as files of the work directory for later commands."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.errors import CorruptArtifact
from negmine.storage.contents import forget_hash, has_recorded_hash, is_recorded, record_hash
from negmine.storage.files import atomic_write, new_folder
from negmine.storage.parquet import read_part, write_table
from negmine.storage.workdir import Workdir

FOLDER = "sources"


def keep_table(work: Workdir, name: str, table: pa.Table) -> Path:
    """Write `WORK/sources/<name>.parquet` and return its path; the same table gives the same bytes."""
    work.create()
    path = new_folder(work.root / FOLDER) / f"{name}.parquet"
    forget_hash(path)
    with atomic_write(path) as stream:
        write_table(table, stream)
    record_hash(path)
    return path


def kept_file(work: Workdir, name: str) -> Path | None:
    """Return the file of a kept table; None where there is none."""
    path = work.root / FOLDER / f"{name}.parquet"
    return path if path.exists() else None


def kept_table(work: Workdir, name: str) -> pl.DataFrame | None:
    """Return a kept table, None where there is none; raise CorruptArtifact where any of them is damaged."""
    path = kept_file(work, name)
    if path is None:
        return None
    check_tables(work)
    return read_part(path)


def check_tables(work: Workdir) -> None:
    """Raise CorruptArtifact where a kept table has not the bytes that were written."""
    for path in sorted((work.root / FOLDER).glob("*.parquet")):
        if is_recorded(path) and not has_recorded_hash(path):
            raise CorruptArtifact(
                f"{path} is damaged: it has not the bytes that were written. Give the table {path.stem} again."
            )
