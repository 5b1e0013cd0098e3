"""The format `swift`: chat messages as JSON lines, for embedding models in ms-swift."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import each, row_per_positive
from negmine.stages.write.formats.messages import MESSAGES, message, of_query


def _schema(settings: WriteSettings) -> pa.Schema:
    documents = pa.large_list(MESSAGES)
    columns = {"positive_messages": documents, "negative_messages": documents}
    return training_schema({"messages": MESSAGES, **columns})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    document = pl.concat_list(message("user", "text"))
    return provenance.select(
        messages=of_query(),
        positive_messages=each(provenance, pl.concat_list("positive_id"), texts, document),
        negative_messages=each(provenance, pl.col("negative_id"), texts, document),
    )


FORMAT = OutputFormat(
    name="swift",
    schema=_schema,
    provenance=row_per_positive,
    rows=_rows,
    has_lists=True,
    row_per="positive",
    reading="A row per query and positive, with all its negatives, as chat messages.",
    columns="The keys are those that ms-swift 4 reads.",
    command=(
        "INFONCE_HARD_NEGATIVES=5 swift sft --task_type embedding --loss_type infonce \\\n"
        "  --model_type qwen3_emb --model Qwen/Qwen3-Embedding-0.6B \\\n"
        "  --dataset work/5-write/swift/*.jsonl"
    ),
    about=(
        "Lists of lists of messages, as ms-swift 4 wants them (`rejected_response` of older versions is for "
        "DPO now). Of `positive_messages` it embeds the first only, so each positive has a row of its own. "
        "Set `INFONCE_HARD_NEGATIVES` to `--num-negatives`: without it, rows with fewer negatives break a "
        "run on several GPUs. An instruction is the system's message; a query without one has no such "
        "message. To keep the order of rows, give `--dataset_shuffle false --train_dataloader_shuffle "
        "false`."
    ),
    file_kind="jsonl",
    instruction="each",
)
