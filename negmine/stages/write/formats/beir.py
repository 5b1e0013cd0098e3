"""The format `beir`: a BEIR folder of what was written, with the lists that MTEB reranks (`top_ranked`)."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import ID, training_schema
from negmine.stages.write.formats.base import FormatFile, OutputFormat
from negmine.stages.write.formats.joins import row_per_query


def _schema(settings: WriteSettings) -> pa.Schema:
    return training_schema({"query-id": ID, "corpus-ids": pa.large_list(ID)})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    both = pl.concat_list("positive_id", "negative_id").list.sort()
    return provenance.select(pl.col("query_id").alias("query-id"), both.alias("corpus-ids"))


def _corpus(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(_id="doc_id", title=pl.lit(""), text="text")


def _queries(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(_id="query_id", text="query")


def _qrels(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    pairs = piece.select("query_id", "positive_id").explode("positive_id")
    return pairs.rename({"query_id": "query-id", "positive_id": "corpus-id"}).with_columns(score=1)


def _instructions(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(pl.col("query_id").alias("query-id"), "instruction")


def _has_instructions(settings: WriteSettings) -> bool:
    return settings.instruction is not None or settings.instruction_column is not None


FORMAT = OutputFormat(
    name="beir",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading="A row per query, with the ids of its positives and negatives.",
    columns="`corpus.jsonl`, `queries.jsonl` and `qrels/train.tsv` beside it are a BEIR folder.",
    command=(
        'corpus, queries, qrels = GenericDataLoader("work/5-write/beir").load(split="train")\n'
        "# or mine it again: negmine mine other --data work/5-write/beir --qrels-split train"
    ),
    about=(
        "`corpus.jsonl` has only the documents that the rows name: to search in it is far easier than to "
        "search in the whole corpus, so compare numbers only with others on the same folder. "
        "`top_ranked.jsonl` has, for each query, its positives and negatives, ordered by doc_id so that the "
        "order tells nothing: what a reranker should sort. `title` is empty, since the text has it in front "
        "already. With `--instruction` there is `instructions.jsonl`. A query without negatives is left "
        "out. An id with a tab or a line break is an error."
    ),
    instruction="each",
    main="top_ranked.jsonl",
    files=(
        FormatFile("corpus.jsonl", "documents", _corpus),
        FormatFile("queries.jsonl", "queries", _queries),
        FormatFile("qrels/train.tsv", "rows", _qrels, header=True),
        FormatFile("instructions.jsonl", "queries", _instructions, wanted=_has_instructions),
    ),
)
