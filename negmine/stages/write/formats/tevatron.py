"""The format `tevatron`: JSON lines with the passages of each query, for Tevatron's retriever and reranker."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import ID, POSITIVE_TEACHER, TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import each, row_per_query


def _schema(settings: WriteSettings) -> pa.Schema:
    score = [] if settings.teacher is None else [("score", pa.float32())]
    passages = pa.large_list(pa.struct([("docid", ID), ("title", TEXT), ("text", TEXT), *score]))
    columns = {"positive_passages": passages, "negative_passages": passages}
    return training_schema({"query_id": ID, "query": TEXT, **columns})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    def passages(ids: str, scores: str) -> pl.Series:
        beside = {} if settings.teacher is None else {"score": pl.col(scores)}
        own = [pl.col("doc_id").alias("docid"), pl.lit("").alias("title"), pl.col("text")]
        passage = pl.struct(*own, *beside)
        return each(provenance, pl.col(ids), texts, passage, **beside)

    return provenance.select(
        "query_id",
        "query",
        positive_passages=passages("positive_id", POSITIVE_TEACHER),
        negative_passages=passages("negative_id", "teacher_score"),
    )


FORMAT = OutputFormat(
    name="tevatron",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading="A row per query, with lists of its positive and negative passages.",
    columns="The keys are those that Tevatron reads (its older form, which alone has scores).",
    command=(
        "python -m tevatron.retriever.driver.train --output_dir out --model_name_or_path MODEL \\\n"
        '  --dataset_name json --dataset_path "work/5-write/tevatron/*.jsonl" --train_group_size 6 \\\n'
        "  --attn_implementation sdpa"
    ),
    about=(
        "Passages with their texts; Tevatron draws one positive and `train_group_size - 1` negatives of "
        "each row, and fails at a query without negatives, which has no row here. `title` is empty, since "
        "the text has it in front already, and there because the reranker's loader fails without it. With "
        "`--teacher` every passage has a `score`, which `tevatron.retriever.driver.train_distil` reads, with "
        "the same flags. Without `--attn_implementation`, Tevatron wants flash attention, and stops where it "
        "is not installed."
    ),
    file_kind="jsonl",
    teacher="optional",
)
