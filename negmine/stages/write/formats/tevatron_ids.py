"""The format `tevatron-ids`: JSON lines of ids and a corpus, for Tevatron's newer form."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import ID, TEXT, training_schema
from negmine.stages.write.formats.base import FormatFile, OutputFormat
from negmine.stages.write.formats.joins import row_per_query


def _schema(settings: WriteSettings) -> pa.Schema:
    ids = pa.large_list(ID)
    columns = {"positive_document_ids": ids, "negative_document_ids": ids}
    return training_schema({"query_id": ID, "query_text": TEXT, **columns})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return provenance.select(
        "query_id",
        query_text="query",
        positive_document_ids="positive_id",
        negative_document_ids="negative_id",
    )


def _corpus(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(docid="doc_id", text="text")


FORMAT = OutputFormat(
    name="tevatron-ids",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading="A row per query, with the ids of its positives and negatives.",
    columns="The keys are those that Tevatron reads; `corpus.jsonl` has the texts.",
    command=(
        "python -m tevatron.retriever.driver.train --output_dir out --model_name_or_path MODEL \\\n"
        "  --dataset_name json --dataset_path work/5-write/tevatron-ids/train.jsonl \\\n"
        "  --corpus_name json --corpus_path work/5-write/tevatron-ids/corpus.jsonl --train_group_size 6 \\\n"
        "  --attn_implementation sdpa"
    ),
    about=(
        "`train.jsonl` has ids, `corpus.jsonl` each text once, under the key that the code reads: `text` "
        "(the readme of Tevatron says `document_text`, with which it trains on empty texts). Titles stand "
        "in front of the text, since training ignores a key `title`. A query without negatives has no row."
    ),
    main="train.jsonl",
    files=(FormatFile("corpus.jsonl", "documents", _corpus),),
)
