"""Room 5's other half: the text columns of training files, named as sentence-transformers names them."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.frames import table
from negmine.data.schemas import training_schema


def document_ids(provenance: pl.DataFrame) -> pl.Series:
    """Return the doc_ids whose texts a part of training data needs."""
    negatives = provenance["negative_id"]
    flat = negatives.explode() if negatives.dtype == pl.List else negatives
    return pl.concat([provenance["positive_id"], flat]).drop_nulls().unique().alias("doc_id")


def training(
    provenance: pl.DataFrame,
    queries: pl.DataFrame,
    documents: pl.DataFrame,
    settings: WriteSettings,
) -> pl.DataFrame:
    """Return text columns, named as sentence-transformers names them, row for row with provenance.

    `queries`: query_id, text. `documents`: doc_id, text (rendered), at least `document_ids`.
    """
    texts = documents.select("doc_id", "text")
    anchored = provenance.join(
        queries.select("query_id", pl.col("text").alias("anchor")),
        on="query_id",
        maintain_order="left",
    )
    return _TEXTS[settings.format](anchored, texts, settings)


def _with_text(data: pl.DataFrame, id_column: str, texts: pl.DataFrame, name: str) -> pl.DataFrame:
    renamed = texts.rename({"doc_id": id_column, "text": name})
    return data.join(renamed, on=id_column, how="left", maintain_order="left")


def _triplet_texts(
    data: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    data = _with_text(data, "positive_id", texts, "positive")
    return _with_text(data, "negative_id", texts, "negative").select(
        "anchor", "positive", "negative"
    )


def _pair_texts(data: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    label = pl.col("positive_id").is_not_null().cast(pl.Int64).alias("label")
    data = data.with_columns(label, doc_id=pl.coalesce("positive_id", "negative_id"))
    return _with_text(data, "doc_id", texts, "positive").select("anchor", "positive", "label")


def _tuple_texts(data: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    data = _with_text(data, "positive_id", texts, "positive")
    names = [f"negative_{n + 1}" for n in range(settings.num_negatives)]
    for n, name in enumerate(names):
        data = data.with_columns(_id=pl.col("negative_id").list.get(n, null_on_oob=True))
        data = _with_text(data, "_id", texts, name).drop("_id")
    return data.select("anchor", "positive", *names)


def _list_texts(data: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    ids = data.select(
        "anchor", doc_id=pl.concat_list(pl.col("positive_id"), pl.col("negative_id"))
    ).with_row_index("row")
    long = ids.explode("doc_id")
    return (
        _with_text(long, "doc_id", texts, "positive")
        .group_by("row", maintain_order=True)
        .agg(pl.col("anchor").first(), pl.col("positive"))
        .with_columns(
            labels=pl.col("positive").list.eval((pl.int_range(pl.len()) == 0).cast(pl.Int64))
        )
        .select("anchor", "positive", "labels")
    )


_TEXTS: dict[str, Callable[[pl.DataFrame, pl.DataFrame, WriteSettings], pl.DataFrame]] = {
    "triplet": _triplet_texts,
    "labeled-pair": _pair_texts,
    "n-tuple": _tuple_texts,
    "labeled-list": _list_texts,
}


def training_table(rows: pl.DataFrame, settings: WriteSettings) -> pa.Table:
    """Return training rows under the schema of their format, also where there is not one row."""
    return table(rows, training_schema(settings.format, settings.num_negatives))
