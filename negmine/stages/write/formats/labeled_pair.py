"""The format `labeled-pair`: anchor, positive (the document, whatever it is), label."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import FOR_SENTENCE_TRANSFORMERS, OutputFormat
from negmine.stages.write.formats.joins import with_text


def _schema(num_negatives: int) -> pa.Schema:
    return training_schema({"anchor": TEXT, "positive": TEXT, "label": pa.int64()})


def _provenance(
    positives: pl.DataFrame, negatives: pl.DataFrame, num_negatives: int
) -> pl.DataFrame:
    order = positives.select("query_id").unique(maintain_order=True).with_row_index("row")
    both = pl.concat(
        [positives.with_columns(label=pl.lit(1)), negatives.with_columns(label=pl.lit(0))],
        how="diagonal",
    )
    return (
        both.join(order, on="query_id", maintain_order="left")
        .sort("row", -pl.col("label"), maintain_order=True)
        .drop("row", "label")
    )


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, num_negatives: int) -> pl.DataFrame:
    label = pl.col("positive_id").is_not_null().cast(pl.Int64).alias("label")
    rows = provenance.with_columns(label, doc_id=pl.coalesce("positive_id", "negative_id"))
    return with_text(rows, "doc_id", texts, "positive").select(
        pl.col("query").alias("anchor"), "positive", "label"
    )


FORMAT = OutputFormat(
    name="labeled-pair",
    schema=_schema,
    provenance=_provenance,
    rows=_rows,
    has_lists=False,
    row_per="document",
    reading="A row per query and document; `label` is 1 for a positive and 0 for a negative.",
    columns=FOR_SENTENCE_TRANSFORMERS,
    about=(
        "A row per query and document: first the positives of a query (`label` 1), then its negatives "
        "(`label` 0). A query without negatives has rows for its positives. In `provenance`, a row is "
        "about a positive or about a negative; the columns about the other are empty."
    ),
)
