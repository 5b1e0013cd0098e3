"""The format `labeled-list`: anchor, a list of documents that starts with the positive, a list of labels."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import FOR_SENTENCE_TRANSFORMERS, OutputFormat
from negmine.stages.write.formats.joins import row_per_positive, with_text


def _schema(settings: WriteSettings) -> pa.Schema:
    return training_schema(
        {"anchor": TEXT, "positive": pa.large_list(TEXT), "labels": pa.large_list(pa.int64())}
    )


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    ids = provenance.select(
        pl.col("query").alias("anchor"),
        doc_id=pl.concat_list(pl.col("positive_id"), pl.col("negative_id")),
    ).with_row_index("row")
    is_first = (pl.int_range(pl.len()) == 0).cast(pl.Int64)
    return (
        with_text(ids.explode("doc_id"), "doc_id", texts, "positive")
        .group_by("row", maintain_order=True)
        .agg(pl.col("anchor").first(), pl.col("positive"))
        .with_columns(labels=pl.col("positive").list.eval(is_first))
        .select("anchor", "positive", "labels")
    )


FORMAT = OutputFormat(
    name="labeled-list",
    schema=_schema,
    provenance=row_per_positive,
    rows=_rows,
    has_lists=True,
    row_per="positive",
    reading="A row per query and positive: a list of documents, and `labels` of 1 and 0.",
    columns=FOR_SENTENCE_TRANSFORMERS,
    command=(
        'train = load_dataset("work/5-write", "labeled-list", split="train")\n'
        "CrossEncoderTrainer(model=model, train_dataset=train, loss=LambdaLoss(model))"
    ),
    about=(
        "A row per query and positive. `positive` is a list: the positive, then the negatives of the query, "
        "as many as there are. `labels` has 1 for the positive and 0 for each negative. A query without "
        "negatives has no row."
    ),
)
