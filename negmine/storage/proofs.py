"""What `prove` keeps in a work directory: a file for each training, and the last result.

`prove/<identity>.parquet` has a row for each tested query; what was trained is in its metadata, as JSON. The
identity covers rows, student, training and seed, so a training that was done once is not done again. A small
file beside it has its hash.
"""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from negmine.config.json_text import parsed
from negmine.storage.contents import forget_hash, has_recorded_hash, is_recorded, record_hash
from negmine.storage.files import atomic_write, new_folder
from negmine.storage.small_json import read_sealed, write_sealed
from negmine.storage.workdir import Workdir

FOLDER, RESULT = "prove", "result.json"
_FACTS = b"negmine.training"


def read_training(work: Workdir, identity: str) -> tuple[pl.DataFrame, dict[str, Any]] | None:
    """Return metrics of every query and facts of a training; None where it was not done, or is damaged."""
    try:
        path = work.shared / FOLDER / f"{identity}.parquet"
        if is_recorded(path) and not has_recorded_hash(path):
            return None
        table = pq.read_table(path, memory_map=False)
        facts: dict[str, Any] = parsed(table.schema.metadata[_FACTS])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return None
    return pl.DataFrame(table), facts


def write_training(work: Workdir, identity: str, rows: pl.DataFrame, facts: dict[str, Any]) -> None:
    """Keep the metrics of every query and the facts of a training."""
    folder = new_folder(work.shared / FOLDER)
    table = rows.to_arrow().replace_schema_metadata({_FACTS: json.dumps(facts)})
    path = folder / f"{identity}.parquet"
    forget_hash(path)
    with atomic_write(path) as stream:
        pq.write_table(table, stream)
    record_hash(path)
    work.kept()


def write_result(work: Workdir, result: dict[str, Any]) -> None:
    """Keep the last result, for the report."""
    write_sealed(new_folder(work.shared / FOLDER) / RESULT, result)
    work.kept()


def read_result(work: Workdir) -> dict[str, Any] | None:
    """Return the last result; None where there is none, or it is damaged."""
    try:
        return read_sealed(work.shared / FOLDER / RESULT)
    except (OSError, ValueError):
        return None
