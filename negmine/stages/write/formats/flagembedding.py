"""The format `flagembedding`: JSON lines with lists of texts, for BGE embedders and rerankers."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import POSITIVE_TEACHER, TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import each, row_per_query


def _schema(settings: WriteSettings) -> pa.Schema:
    texts, numbers = pa.large_list(TEXT), pa.large_list(pa.float32())
    scores = {} if settings.teacher is None else {"pos_scores": numbers, "neg_scores": numbers}
    lists = {"query": TEXT, "pos": texts, "neg": texts, **scores}
    return training_schema({**lists, "prompt": TEXT, "type": TEXT})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    scores = {}
    if settings.teacher is not None:
        scores = {"pos_scores": POSITIVE_TEACHER, "neg_scores": "teacher_score"}
    text = pl.col("text")
    return provenance.select(
        "query",
        pos=each(provenance, pl.col("positive_id"), texts, text),
        neg=each(provenance, pl.col("negative_id"), texts, text),
        **{name: pl.col(column) for name, column in scores.items()},
        prompt="instruction",
        type=pl.lit("normal"),
    )


FORMAT = OutputFormat(
    name="flagembedding",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading="A row per query, with lists of its positives and negatives.",
    columns="The keys are those that FlagEmbedding reads.",
    command=(
        "torchrun --nproc_per_node 1 -m FlagEmbedding.finetune.embedder.encoder_only.base \\\n"
        "  --model_name_or_path BAAI/bge-base-en-v1.5 --output_dir out \\\n"
        "  --train_data work/5-write/flagembedding/part-*.jsonl \\\n"
        "  --query_instruction_for_retrieval '' \\\n"
        "  --train_group_size 6 --per_device_train_batch_size 32"
    ),
    about=(
        "For BGE embedders and rerankers. Name the files: of a folder FlagEmbedding would read "
        "`_manifest.json`, too. FlagEmbedding draws one positive and `train_group_size - 1` negatives of "
        "each row; without negatives it stops, so a query without any has no row. `prompt` is the "
        "instruction, and always there: an empty one adds nothing, a missing one would become the word "
        "`None` with `--same_dataset_within_batch True`. Without that flag, **an embedder reads `prompt` only "
        "if `--query_instruction_for_retrieval` is given**, whatever it says: give it, empty. `prompt` stands "
        "right in front of the query: end `--instruction` with what should be between, such as a blank. "
        "`reranker.encoder_only` does not read it: give `--query_instruction_for_rerank`. "
        "`reranker.decoder_only` takes it for the question to its model, in place of its own, and asks none "
        "where it is empty: write such files with that question as `--instruction`. With `--teacher` there "
        "are `pos_scores` and `neg_scores`, always with a decimal point, for `--knowledge_distillation True`. "
        "FlagEmbedding 1.4.2 trains with transformers 4.57.1, huggingface-hub 0.36.2, datasets 3.6.0 and "
        "sentence-transformers 5.3.0."
    ),
    file_kind="jsonl",
    teacher="optional",
    instruction="each",
)
