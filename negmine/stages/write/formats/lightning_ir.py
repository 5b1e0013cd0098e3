"""The format `lightning-ir`: one run file with texts, for Lightning IR's RunDataset."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import ID, POSITIVE_TEACHER, TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import row_per_document, with_text


def _schema(settings: WriteSettings) -> pa.Schema:
    ids = {"query_id": ID, "doc_id": ID, "rank": pa.int32()}
    score = {} if settings.teacher is None else {"score": pa.float32()}
    texts = {"relevance": pa.int64(), "query": TEXT, "text": TEXT}
    return training_schema({**ids, **score, **texts})


def _provenance(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    has_negatives = pl.col("negative_id").count().over("query_id") > 0
    return row_per_document(positives, negatives, settings).filter(has_negatives)


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    rows = with_text(
        provenance.with_columns(doc_id=pl.coalesce("positive_id", "negative_id")),
        "doc_id",
        texts,
        "text",
    )
    rank, score = pl.int_range(1, pl.len() + 1), {}
    if settings.teacher is not None:
        value = pl.coalesce(POSITIVE_TEACHER, "teacher_score")
        rank, score = value.rank("ordinal", descending=True), {"score": value}
    return rows.select(
        "query_id",
        "doc_id",
        rank=rank.over("query_id").cast(pl.Int32),
        **score,
        relevance=pl.col("positive_id").is_not_null().cast(pl.Int64),
        query="query",
        text="text",
    )


FORMAT = OutputFormat(
    name="lightning-ir",
    schema=_schema,
    provenance=_provenance,
    rows=_rows,
    has_lists=False,
    row_per="document",
    reading=(
        "A row per query and document, with a rank; `relevance` is 1 for a positive and 0 for a negative."
    ),
    columns="The columns are those of a run of Lightning IR, texts included.",
    command=(
        "run = RunDataset(\n"
        '    "work/5-write/lightning-ir/run.parquet",\n'
        "    sample_size=6,\n"
        '    sampling_strategy="single_relevant",\n'
        '    targets="relevance",\n'
        ")\n"
        "LightningIRDataModule(train_dataset=run, train_batch_size=32)"
    ),
    about=(
        "One file, since Lightning IR takes one, with a name of one suffix, by which it chooses the reader. "
        "With `--teacher` `rank` and `score` are the teacher's; without it positives come first, then "
        "negatives, best first, and there is no `score`. A query without negatives has no row; Lightning IR "
        "leaves out those with fewer than `sample_size` documents."
    ),
    teacher="optional",
    main="run.parquet",
)
