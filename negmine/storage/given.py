"""Tables that a caller gave in memory, kept as files of the work directory for later commands."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from negmine.errors import CorruptArtifact
from negmine.storage.contents import forget_hash, has_recorded_hash, is_recorded, record_hash
from negmine.storage.files import atomic_write, new_folder
from negmine.storage.parquet import write_table
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


def check_tables(work: Workdir) -> None:
    """Raise CorruptArtifact where a kept table has not the bytes that were written."""
    for path in sorted((work.root / FOLDER).glob("*.parquet")):
        if is_recorded(path) and not has_recorded_hash(path):
            raise CorruptArtifact(
                f"{path} is damaged: it has not the bytes that were written. Give the table {path.stem} again."
            )
