"""The format `swift-reranker`: chat messages as JSON lines, for rerankers in ms-swift."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import each, row_per_query
from negmine.stages.write.formats.messages import MESSAGES, message, of_query


def _schema(settings: WriteSettings) -> pa.Schema:
    documents = pa.large_list(MESSAGES)
    columns = {"positive_messages": documents, "negative_messages": documents}
    return training_schema({"messages": MESSAGES, **columns})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    document = pl.concat_list(message("assistant", "text"))
    return provenance.select(
        messages=of_query(),
        positive_messages=each(provenance, pl.col("positive_id"), texts, document),
        negative_messages=each(provenance, pl.col("negative_id"), texts, document),
    )


FORMAT = OutputFormat(
    name="swift-reranker",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading="A row per query, with all its positives and negatives, as chat messages.",
    columns="The keys are those that ms-swift 4 reads.",
    command=(
        "MAX_POSITIVE_SAMPLES=1 MAX_NEGATIVE_SAMPLES=5 swift sft --task_type generative_reranker \\\n"
        "  --loss_type generative_reranker --model Qwen/Qwen3-Reranker-0.6B \\\n"
        "  --dataset work/5-write/swift-reranker/*.jsonl"
    ),
    about=(
        "As `swift`, with documents as the assistant's messages and all positives of a query in one row. "
        "ms-swift draws `MAX_POSITIVE_SAMPLES` positives (1) and `MAX_NEGATIVE_SAMPLES` negatives (7) of "
        "each row, and has no place for scores."
    ),
    file_kind="jsonl",
    instruction="each",
)
