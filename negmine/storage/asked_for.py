"""The queries that a language model writes for, where not for all: `WORK/sources/generate_for.parquet`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.storage.given import keep_table, kept_file, kept_table
from negmine.storage.workdir import Workdir

NAME = "generate_for"


def asked_for_file(work: Workdir) -> Path | None:
    """Return the file of the list; None where there is none."""
    return kept_file(work, NAME)


def read_asked_for(work: Workdir) -> pl.Series:
    """Return the query_ids; raise CorruptArtifact. Without a list there are none."""
    kept = kept_table(work, NAME)
    return pl.Series("query_id", [], pl.String) if kept is None else kept["query_id"]


def keep_asked_for(work: Workdir, queries: pa.Table) -> None:
    """Keep this list in place of the one that was there. The caller holds the lock."""
    keep_table(work, NAME, queries)
