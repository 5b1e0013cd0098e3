"""The format `triplet`: anchor, positive, negative."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import FOR_SENTENCE_TRANSFORMERS, OutputFormat
from negmine.stages.write.formats.joins import row_per_negative, with_text


def _schema(settings: WriteSettings) -> pa.Schema:
    return training_schema({"anchor": TEXT, "positive": TEXT, "negative": TEXT})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    rows = with_text(provenance, "positive_id", texts, "positive")
    rows = with_text(rows, "negative_id", texts, "negative")
    return rows.select(pl.col("query").alias("anchor"), "positive", "negative")


FORMAT = OutputFormat(
    name="triplet",
    schema=_schema,
    provenance=row_per_negative,
    rows=_rows,
    has_lists=False,
    row_per="positive and negative",
    reading="A row per query, positive and negative.",
    columns=FOR_SENTENCE_TRANSFORMERS,
    command=(
        'train = load_dataset("work/5-write", "triplet", split="train")\n'
        "SentenceTransformerTrainer(\n"
        "    model=model, train_dataset=train, loss=MultipleNegativesRankingLoss(model)\n"
        ")"
    ),
    about="A row per query, positive and negative. A query without negatives has no row.",
)
