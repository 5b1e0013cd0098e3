"""The format `n-tuple`: anchor, positive, negative_1 ... negative_N."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import FOR_SENTENCE_TRANSFORMERS, OutputFormat
from negmine.stages.write.formats.joins import (
    full_row_per_positive,
    negative_columns,
    with_tuple_texts,
)


def _schema(settings: WriteSettings) -> pa.Schema:
    columns = ["anchor", "positive", *negative_columns(settings.negatives_written)]
    return training_schema(dict.fromkeys(columns, TEXT))


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    rows = with_tuple_texts(provenance, texts, settings.negatives_written)
    return rows.select(
        pl.col("query").alias("anchor"), "positive", *negative_columns(settings.negatives_written)
    )


FORMAT = OutputFormat(
    name="n-tuple",
    schema=_schema,
    provenance=full_row_per_positive,
    rows=_rows,
    has_lists=True,
    row_per="positive",
    reading="A row per query and positive, with all its negatives.",
    columns=FOR_SENTENCE_TRANSFORMERS,
    command=(
        'train = load_dataset("work/5-write", "n-tuple", split="train")\n'
        "SentenceTransformerTrainer(\n"
        "    model=model, train_dataset=train, loss=MultipleNegativesRankingLoss(model)\n"
        ")"
    ),
    about=(
        "A row per query and positive, with a column for each of `--num-negatives`. A query with fewer "
        "negatives has no row."
    ),
    most_negatives=1_000,  # columns: trainers read all of them into one batch
    only_full_queries=True,
)
