"""The format `arctic`: three Parquet files, for the batches of ArcticTraining (Arctic-Embed)."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import ID, TEXT, training_schema
from negmine.stages.write.formats.base import FormatFile, OutputFormat
from negmine.stages.write.formats.joins import row_per_document

_QUERIES = pa.schema([("QUERY_ID", pa.uint64()), ("QUERY_TEXT", TEXT)])
_DOCUMENTS = pa.schema([("DOCUMENT_ID", pa.uint64()), ("DOCUMENT_TEXT", TEXT)])
_QUERY_IDS = pa.schema([("QUERY_ID", pa.uint64()), ("query_id", ID)])
_DOCUMENT_IDS = pa.schema([("DOCUMENT_ID", pa.uint64()), ("doc_id", ID)])


def _schema(settings: WriteSettings) -> pa.Schema:
    ids = {"QUERY_ID": pa.uint64(), "DOCUMENT_ID": pa.uint64()}
    return training_schema({**ids, "RELEVANCE": pa.int8()})


def _provenance(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    is_full = pl.col("negative_id").count().over("query_id") == settings.negatives_written
    return row_per_document(positives, negatives, settings).filter(is_full)


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    is_positive = pl.col("positive_id").is_not_null()
    rows = provenance.with_columns(doc_id=pl.coalesce("positive_id", "negative_id"))
    numbers = texts.select("doc_id", "number")
    return rows.join(numbers, on="doc_id", how="left", maintain_order="left").select(
        QUERY_ID="query_number",
        DOCUMENT_ID="number",
        RELEVANCE=pl.when(is_positive).then(1).otherwise(-1).cast(pl.Int8),
    )


def _queries(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(QUERY_ID="query_number", QUERY_TEXT="query")


def _documents(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(DOCUMENT_ID="number", DOCUMENT_TEXT="text")


def _query_ids(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(QUERY_ID="query_number", query_id="query_id")


def _document_ids(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(DOCUMENT_ID="number", doc_id="doc_id")


FORMAT = OutputFormat(
    name="arctic",
    schema=_schema,
    provenance=_provenance,
    rows=_rows,
    has_lists=False,
    row_per="document",
    reading="A row per query and document; `RELEVANCE` is 1 for a positive and -1 for a negative.",
    columns="The columns are those that `stage_5_tokenize_and_batch.py` of Arctic-Embed reads.",
    command=(
        "# config.json names queries.parquet, documents.parquet and labels.parquet, and num_negatives\n"
        "python stage_5_tokenize_and_batch.py config.json"
    ),
    about=(
        "The input of the step that makes batches of tokens. Ids are numbers: `query_ids.parquet` and "
        "`document_ids.parquet` say which id each stands for. A prefix has to be in the texts, since there "
        "is no other place for it. The step fails at a query with fewer negatives than its `num_negatives`: "
        "a query with fewer than `--num-negatives` has no row."
    ),
    only_full_queries=True,
    main="labels.parquet",
    files=(
        FormatFile("queries.parquet", "queries", _queries, _QUERIES),
        FormatFile("documents.parquet", "documents", _documents, _DOCUMENTS),
        FormatFile("query_ids.parquet", "queries", _query_ids, _QUERY_IDS),
        FormatFile("document_ids.parquet", "documents", _document_ids, _DOCUMENT_IDS),
    ),
)
