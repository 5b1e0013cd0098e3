"""The format `reranker-eval`: JSON lines for the reranking evaluators of sentence-transformers."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import each, row_per_query


def _schema(settings: WriteSettings) -> pa.Schema:
    texts = pa.large_list(TEXT)
    return training_schema({"query": TEXT, "positive": texts, "negative": texts})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    text = pl.col("text")
    return provenance.select(
        "query",
        positive=each(provenance, pl.col("positive_id"), texts, text),
        negative=each(provenance, pl.col("negative_id"), texts, text),
    )


FORMAT = OutputFormat(
    name="reranker-eval",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading="A row per query, with lists of its positives and negatives.",
    columns=(
        "The keys are those that `CrossEncoderRerankingEvaluator` and `RerankingEvaluator` of "
        "sentence-transformers read."
    ),
    command=(
        'files = "work/5-write/reranker-eval/*.jsonl"\n'
        'samples = load_dataset("json", data_files=files, split="train").to_list()\n'
        "CrossEncoderRerankingEvaluator(samples=samples, at_k=10)(model)"
    ),
    about=(
        "For evaluation, not for training: how well a model ranks the positives of a query above its "
        "negatives. Mine it from queries that you do not train on. A query without negatives has no row."
    ),
    file_kind="jsonl",
)
