"""Labels: judgements that people gave with `negmine label`, in `WORK/sources/labels.parquet`.

They belong to the work directory, not to its settings: they win over the qrels of every later command. Another
work directory that starts from it (`--since`) takes them over.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from negmine.data.frames import table
from negmine.data.schemas import LABELS
from negmine.storage.contents import forget_hash
from negmine.storage.given import keep_table, kept_file, kept_table
from negmine.storage.layout import CORPUS, QUERIES
from negmine.storage.workdir import Workdir

NAME = "labels"


def labels_file(work: Workdir) -> Path | None:
    """Return the file of a work directory's labels; None where there are none."""
    return kept_file(work, NAME)


def read_labels(work: Workdir) -> pl.DataFrame:
    """Return query_id, doc_id, relevance, who, when (ISO 8601) of every label; raise CorruptArtifact."""
    kept = kept_table(work, NAME)
    if kept is not None:
        return kept
    return pl.DataFrame(schema=dict.fromkeys(LABELS.names, pl.String)).with_columns(
        pl.col("relevance").cast(pl.Int32)
    )


def labelled_pairs(work: Workdir) -> pl.DataFrame:
    """Return query_id, doc_id of every label, as `qrels` names them: a copy by the text it duplicates."""
    pairs = read_labels(work).select("query_id", "doc_id")
    if pairs.is_empty():
        return pairs
    for table_name, column in ((QUERIES, "query_id"), (CORPUS, "doc_id")):
        copies = work.scan(table_name).select(column, "same_as").drop_nulls("same_as")
        pairs = (
            pairs.lazy().join(copies, on=column, how="left").collect(engine="streaming")
        ).select(pl.exclude(column, "same_as"), pl.coalesce("same_as", column).alias(column))
    return pairs.select("query_id", "doc_id").unique(maintain_order=True)


def keep_labels(work: Workdir, labels: pl.DataFrame) -> None:
    """Keep these labels in place of those that were there. The caller holds the lock."""
    keep_table(work, NAME, table(labels, LABELS))


def forget_labels(work: Workdir) -> None:
    """Remove all labels. The caller holds the lock."""
    path = labels_file(work)
    if path is not None:
        forget_hash(path)
        path.unlink()
