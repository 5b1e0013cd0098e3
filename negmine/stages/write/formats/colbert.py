"""The format `colbert`: rows of numbers as JSON lines, and TSV files of queries and passages."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import POSITIVE_TEACHER, TEXT, training_schema
from negmine.stages.write.formats.base import FormatFile, OutputFormat
from negmine.stages.write.formats.joins import each, full_row_per_positive


def _schema(settings: WriteSettings) -> pa.Schema:
    return training_schema({"line": TEXT})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    ids = pl.concat_list("positive_id", "negative_id")
    passage, beside = pl.col("number").cast(pl.String), {}
    if settings.teacher is not None:
        beside = {"score": pl.concat_list(POSITIVE_TEACHER, "teacher_score")}
        passage = pl.format("[{},{}]", "number", "score")
    passages = each(provenance, ids, texts, passage, **beside)
    numbers = provenance.with_columns(passages=passages)
    return numbers.select(
        line=pl.format("[{},{}]", "query_number", pl.col("passages").list.join(","))
    )


def _queries(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select("query_number", "query")


def _collection(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select("number", "text")


def _query_ids(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(qid="query_number", query_id="query_id")


def _document_ids(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(pid="number", doc_id="doc_id")


FORMAT = OutputFormat(
    name="colbert",
    schema=_schema,
    provenance=full_row_per_positive,
    rows=_rows,
    has_lists=True,
    row_per="positive",
    reading="A row per query and positive: numbers of the query, the positive and its negatives.",
    columns="A line is a JSON list that ColBERT and RAGatouille read.",
    command=(
        "config = ColBERTConfig(bsize=32, nway=6, use_ib_negatives=True)\n"
        'folder = "work/5-write/colbert"\n'
        'files = [f"{folder}/{name}" for name in ("triples.jsonl", "queries.tsv", "collection.tsv")]\n'
        'if __name__ == "__main__":  # Trainer starts other processes\n'
        "    Trainer(*files, config).train()"
    ),
    about=(
        "`triples.jsonl` has `[qid, pid, pid ...]`, the positive first; with `--teacher` `[qid, [pid, "
        "score] ...]`, for distillation. A passage's number is its line in `collection.tsv`, from 0, as "
        "ColBERT demands; `query_ids.jsonl` and `document_ids.jsonl` say which id each number stands for. A "
        "tab would be taken for the end of a text, and a line break for that of a row: in texts they become "
        "blanks. `load_dataset` cannot read lines that are lists. A query with fewer than "
        "`--num-negatives` negatives has no row; `nway` is at most `1 + --num-negatives`. ColBERT 0.2.22 "
        "trains on GPUs alone, and with transformers 4."
    ),
    has_columns=False,
    only_full_queries=True,
    teacher="optional",
    main="triples.jsonl",
    files=(
        FormatFile("queries.tsv", "queries", _queries, texts=("query",)),
        FormatFile("collection.tsv", "documents", _collection, texts=("text",)),
        FormatFile("query_ids.jsonl", "queries", _query_ids),
        FormatFile("document_ids.jsonl", "documents", _document_ids),
    ),
)
