"""The format `gritlm`: JSON lines of [instruction, text] pairs, for GritLM and ReasonIR."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import each, row_per_query


def _schema(settings: WriteSettings) -> pa.Schema:
    pair = pa.large_list(TEXT)
    pairs = pa.large_list(pair)
    return training_schema({"query": pair, "pos": pairs, "neg": pairs})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    document = pl.concat_list(pl.lit(""), "text")
    return provenance.select(
        query=pl.concat_list("instruction", "query"),
        pos=each(provenance, pl.col("positive_id"), texts, document),
        neg=each(provenance, pl.col("negative_id"), texts, document),
    )


FORMAT = OutputFormat(
    name="gritlm",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading=(
        "A row per query, with lists of its positives and negatives, each an instruction and a text."
    ),
    columns="The keys are those that GritLM and ReasonIR read.",
    command=(
        "torchrun --nproc_per_node 1 -m training.run --mode embedding \\\n"
        "  --model_name_or_path MODEL --output_dir out \\\n"
        "  --train_data work/5-write/gritlm/train.jsonl --train_group_size 6"
    ),
    about=(
        "Every query and document is a list of an instruction and a text; documents have an empty "
        "instruction. GritLM draws one positive and `train_group_size - 1` negatives of each row, and fails "
        "without negatives: a query without any has no row. Each file is a data set of its own there, from "
        "which batches are filled."
    ),
    main="train.jsonl",
    instruction="each",
)
