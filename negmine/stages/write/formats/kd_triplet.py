"""The format `kd-triplet`: a triplet and the margin between the teacher's scores."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import POSITIVE_TEACHER, TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import row_per_negative, with_text


def _schema(settings: WriteSettings) -> pa.Schema:
    columns = {"anchor": TEXT, "positive": TEXT, "negative": TEXT, "score": pa.float32()}
    return training_schema(columns)


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    rows = with_text(provenance, "positive_id", texts, "positive")
    rows = with_text(rows, "negative_id", texts, "negative")
    margin = pl.col(POSITIVE_TEACHER) - pl.col("teacher_score")
    return rows.select(pl.col("query").alias("anchor"), "positive", "negative", score=margin)


FORMAT = OutputFormat(
    name="kd-triplet",
    schema=_schema,
    provenance=row_per_negative,
    rows=_rows,
    has_lists=False,
    row_per="positive and negative",
    reading=(
        "A row per query, positive and negative, with the margin between a teacher's scores of the two."
    ),
    columns=(
        "The columns are texts, and last `score`, in the order in which `MarginMSELoss` of "
        "sentence-transformers reads them."
    ),
    command=(
        'train = load_dataset("work/5-write", "kd-triplet", split="train")\n'
        "SentenceTransformerTrainer(model=model, train_dataset=train, loss=MarginMSELoss(model))"
    ),
    about=(
        "The columns of `triplet`, and `score`: the score of `--teacher` for the positive minus that for "
        "the negative. A query without negatives has no row. PyLate takes `score` for a text: use `ids` "
        "there."
    ),
    teacher="required",
)
