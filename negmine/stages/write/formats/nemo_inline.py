"""The format `nemo-inline`: JSON lines with texts, for NVIDIA NeMo Automodel."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import each, row_per_query


def _schema(settings: WriteSettings) -> pa.Schema:
    texts = pa.large_list(TEXT)
    return training_schema({"query": TEXT, "pos_doc": texts, "neg_doc": texts})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    text = pl.col("text")
    return provenance.select(
        "query",
        pos_doc=each(provenance, pl.col("positive_id"), texts, text),
        neg_doc=each(provenance, pl.col("negative_id"), texts, text),
    )


FORMAT = OutputFormat(
    name="nemo-inline",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading="A row per query, with lists of its positives and negatives.",
    columns="The keys are those of NeMo Automodel's inline retrieval data.",
    command=(
        "automodel examples/retrieval/bi_encoder/llama3_2_1b.yaml \\\n"
        "  --dataloader.dataset.data_dir_list=work/5-write/nemo-inline/part-00000.jsonl \\\n"
        "  --dataloader.dataset.n_passages=6"
    ),
    about=(
        "As `nemo`, with the texts in every row. Name every part in `data_dir_list`. A query without "
        "negatives, which NeMo refuses, has no row."
    ),
    file_kind="jsonl",
)
