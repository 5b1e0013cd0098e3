"""The format `labeled-pair`: anchor, positive (the document, whatever it is), label."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import FOR_SENTENCE_TRANSFORMERS, OutputFormat
from negmine.stages.write.formats.joins import row_per_document, with_text


def _schema(settings: WriteSettings) -> pa.Schema:
    return training_schema({"anchor": TEXT, "positive": TEXT, "label": pa.int64()})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    label = pl.col("positive_id").is_not_null().cast(pl.Int64).alias("label")
    rows = provenance.with_columns(label, doc_id=pl.coalesce("positive_id", "negative_id"))
    return with_text(rows, "doc_id", texts, "positive").select(
        pl.col("query").alias("anchor"), "positive", "label"
    )


FORMAT = OutputFormat(
    name="labeled-pair",
    schema=_schema,
    provenance=row_per_document,
    rows=_rows,
    has_lists=False,
    row_per="document",
    reading="A row per query and document; `label` is 1 for a positive and 0 for a negative.",
    columns=FOR_SENTENCE_TRANSFORMERS,
    command=(
        'train = load_dataset("work/5-write", "labeled-pair", split="train")\n'
        "SentenceTransformerTrainer(model=model, train_dataset=train, loss=CosineSimilarityLoss(model))"
    ),
    about=(
        "A row per query and document: first the positives of a query (`label` 1), then its negatives "
        "(`label` 0). A query without negatives has rows for its positives. In `provenance`, a row is about "
        "a positive or about a negative; the columns about the other are empty."
    ),
)
