"""Tables that a caller gave in memory, kept as files of the work directory for later commands."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from negmine.storage.files import atomic_write, new_folder
from negmine.storage.parquet import write_table
from negmine.storage.workdir import Workdir

FOLDER = "sources"


def keep_table(work: Workdir, name: str, table: pa.Table) -> Path:
    """Write `WORK/sources/<name>.parquet` and return its path; the same table gives the same bytes."""
    work.create()
    path = new_folder(work.root / FOLDER) / f"{name}.parquet"
    with atomic_write(path) as stream:
        write_table(table, stream)
    return path
