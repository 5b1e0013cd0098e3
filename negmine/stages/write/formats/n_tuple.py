"""The format `n-tuple`: anchor, positive, negative_1 ... negative_N."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import FOR_SENTENCE_TRANSFORMERS, OutputFormat
from negmine.stages.write.formats.joins import row_per_positive, with_text


def _names(num_negatives: int) -> list[str]:
    return [f"negative_{number + 1}" for number in range(num_negatives)]


def _schema(num_negatives: int) -> pa.Schema:
    columns = ["anchor", "positive", *_names(num_negatives)]
    return training_schema(dict.fromkeys(columns, TEXT))


def _provenance(
    positives: pl.DataFrame, negatives: pl.DataFrame, num_negatives: int
) -> pl.DataFrame:
    is_full = pl.col("negative_id").list.len() == num_negatives
    return row_per_positive(positives, negatives).filter(is_full)


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, num_negatives: int) -> pl.DataFrame:
    rows = with_text(provenance, "positive_id", texts, "positive")
    for number, name in enumerate(_names(num_negatives)):
        rows = rows.with_columns(_id=pl.col("negative_id").list.get(number, null_on_oob=True))
        rows = with_text(rows, "_id", texts, name).drop("_id")
    return rows.select(pl.col("query").alias("anchor"), "positive", *_names(num_negatives))


FORMAT = OutputFormat(
    name="n-tuple",
    schema=_schema,
    provenance=_provenance,
    rows=_rows,
    has_lists=True,
    row_per="positive",
    reading="A row per query and positive, with all its negatives.",
    columns=FOR_SENTENCE_TRANSFORMERS,
    about=(
        "A row per query and positive, with a column for each of `--num-negatives`. A query with fewer "
        "negatives has no row."
    ),
    most_negatives=1_000,  # columns: trainers read all of them into one batch
    only_full_queries=True,
)
