"""The format `ids`: rows of ids, with the texts of queries and documents in files of their own."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import ID, POSITIVE_TEACHER, TEXT, training_schema
from negmine.stages.write.formats.base import FormatFile, OutputFormat
from negmine.stages.write.formats.joins import full_row_per_positive

_QUERIES = pa.schema([("query_id", ID), ("text", TEXT)])
_DOCUMENTS = pa.schema([("document_id", ID), ("text", TEXT)])


def _schema(settings: WriteSettings) -> pa.Schema:
    scores = {} if settings.teacher is None else {"scores": pa.large_list(pa.float32())}
    return training_schema({"query_id": ID, "document_ids": pa.large_list(ID), **scores})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    scores = {}
    if settings.teacher is not None:
        scores = {"scores": pl.concat_list(POSITIVE_TEACHER, "teacher_score")}
    ids = pl.concat_list("positive_id", "negative_id")
    return provenance.select("query_id", document_ids=ids, **scores)


def _queries(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select("query_id", text="query")


def _documents(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(document_id="doc_id", text="text")


FORMAT = OutputFormat(
    name="ids",
    schema=_schema,
    provenance=full_row_per_positive,
    rows=_rows,
    has_lists=True,
    row_per="positive",
    reading=(
        "A row per query and positive: the query's id, and those of the positive and its negatives."
    ),
    columns=(
        "`ids-queries` and `ids-documents` have the texts: `resolve_ids` of sentence-transformers and "
        "`KDProcessing` of PyLate put them in place of the ids."
    ),
    command=(
        "train, queries, documents = (\n"
        '    load_dataset("parquet", data_files=f"work/5-write/ids/{name}.parquet", split="train")\n'
        '    for name in ("train", "queries", "documents")\n'
        ")\n"
        'lookups = {"query_id": queries, "document_ids": (documents, "document_id", "text")}\n'
        "train.set_transform(resolve_ids(lookups))  # from sentence_transformers.util\n"
        "# or PyLate, with losses.Distillation(model) and utils.ColBERTCollator(model.tokenize):\n"
        "train.set_transform(utils.KDProcessing(queries, documents, n_ways=6).transform)"
    ),
    about=(
        "`train.parquet` has ids, `queries.parquet` and `documents.parquet` each text once: far smaller "
        "files than with texts in every row. The positive comes first, then the negatives, best first. With "
        "`--teacher` there are `scores` in the same order. A query with fewer than `--num-negatives` "
        "negatives has no row, since trainers want lists of one length. PyLate needs `n_ways` of at most `1 "
        "+ --num-negatives`."
    ),
    only_full_queries=True,
    teacher="optional",
    main="train.parquet",
    files=(
        FormatFile("queries.parquet", "queries", _queries, _QUERIES),
        FormatFile("documents.parquet", "documents", _documents, _DOCUMENTS),
    ),
)
