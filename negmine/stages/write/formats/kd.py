"""The format `kd`: an n-tuple and a list of the teacher's scores, the positive's first."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import POSITIVE_TEACHER, TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import (
    full_row_per_positive,
    negative_columns,
    with_tuple_texts,
)


def _schema(settings: WriteSettings) -> pa.Schema:
    texts = dict.fromkeys(
        ["anchor", "positive", *negative_columns(settings.negatives_written)], TEXT
    )
    return training_schema({**texts, "scores": pa.large_list(pa.float32())})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    rows = with_tuple_texts(provenance, texts, settings.negatives_written)
    return rows.select(
        pl.col("query").alias("anchor"),
        "positive",
        *negative_columns(settings.negatives_written),
        scores=pl.concat_list(POSITIVE_TEACHER, "teacher_score"),
    )


FORMAT = OutputFormat(
    name="kd",
    schema=_schema,
    provenance=full_row_per_positive,
    rows=_rows,
    has_lists=True,
    row_per="positive",
    reading=(
        "A row per query and positive, with all its negatives and a teacher's scores of them all."
    ),
    columns=(
        "The columns are texts, and last `scores`, in the order in which `MarginMSELoss` and "
        "`DistillKLDivLoss` of sentence-transformers read them."
    ),
    command=(
        'train = load_dataset("work/5-write", "kd", split="train")\n'
        "SentenceTransformerTrainer(model=model, train_dataset=train, loss=DistillKLDivLoss(model))"
    ),
    about=(
        "The columns of `n-tuple`, and `scores`: a list of `1 + --num-negatives` scores of `--teacher`, the "
        "positive's first. A query with fewer negatives has no row, since all lists have to be equally "
        "long."
    ),
    only_full_queries=True,
    teacher="required",
)
