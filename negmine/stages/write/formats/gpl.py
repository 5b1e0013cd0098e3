"""The format `gpl`: ids and margins as TSV in a folder of GPL, with texts as BEIR has them."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import ID, POSITIVE_TEACHER, training_schema
from negmine.stages.write.formats.base import FormatFile, OutputFormat
from negmine.stages.write.formats.joins import row_per_negative


def _schema(settings: WriteSettings) -> pa.Schema:
    ids = dict.fromkeys(["query_id", "positive_id", "negative_id"], ID)
    return training_schema({**ids, "margin": pa.float32()})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    margin = pl.col(POSITIVE_TEACHER) - pl.col("teacher_score")
    return provenance.select("query_id", "positive_id", "negative_id", margin=margin)


def _hard_negatives(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    positives, negatives = pl.col("positive_id"), pl.col("negative_id")
    return (
        piece.group_by("query_id", maintain_order=True)
        .agg(positives.unique(maintain_order=True), negatives.unique(maintain_order=True))
        .select(qid="query_id", pos="positive_id", neg=pl.struct(negmine="negative_id"))
    )


def _corpus(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(_id="doc_id", title=pl.lit(""), text="text")


def _queries(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(_id="query_id", text="query")


def _qrels(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    pairs = piece.select("query_id", "positive_id").unique(maintain_order=True)
    return pairs.rename({"query_id": "query-id", "positive_id": "corpus-id"}).with_columns(score=1)


FORMAT = OutputFormat(
    name="gpl",
    schema=_schema,
    provenance=row_per_negative,
    rows=_rows,
    has_lists=False,
    row_per="positive and negative",
    reading=(
        "A row per query, positive and negative: ids, and the margin between a teacher's scores of the two."
    ),
    columns=(
        "The lines are those that GPL reads; `corpus.jsonl` and `qgen-queries.jsonl` have the texts."
    ),
    command=(
        "gpl.train(\n"
        '    path_to_generated_data="work/5-write/gpl",\n'
        '    base_ckpt="distilbert-base-uncased",\n'
        '    output_dir="out",\n'
        "    batch_size_gpl=32,\n"
        "    gpl_steps=1000,\n"
        '    qgen_prefix="qgen",\n'
        ")"
    ),
    about=(
        "The folder in which GPL has generated queries, mined and labelled: it goes straight to training. "
        "`gpl-training-data.tsv` has the score of `--teacher` for the positive minus that for the negative. "
        "A query without negatives has no row. An id with a tab or a line break is an error."
    ),
    teacher="required",
    main="gpl-training-data.tsv",
    files=(
        FormatFile("hard-negatives.jsonl", "rows", _hard_negatives),
        FormatFile("corpus.jsonl", "documents", _corpus),
        FormatFile("qgen-queries.jsonl", "queries", _queries),
        FormatFile("qgen-qrels/train.tsv", "rows", _qrels, header=True),
    ),
)
