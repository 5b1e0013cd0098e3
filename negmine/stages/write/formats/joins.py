"""How formats bring positives, negatives and texts together. A format may use these, or do without.

Those that return rows are what `OutputFormat.provenance` wants.
"""

from __future__ import annotations

import polars as pl

from negmine.config.settings import WriteSettings
from negmine.data.schemas import POSITIVE_TEACHER

_OF_POSITIVE = ["query_id", "positive_id", "positive_label"]


def row_per_negative(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    """Return every positive of a query with every negative of it; queries without negatives have no row."""
    return positives.join(negatives, on="query_id", how="inner", maintain_order="left_right")


def row_per_positive(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    """Return every positive of a query with lists of the columns about its negatives, best first.

    `positive_score` is no list: it is the same for all negatives of a query. Queries without negatives
    have no row.
    """
    beside = ["positive_score", *(name for name in positives.columns if name == POSITIVE_TEACHER)]
    return (
        row_per_negative(positives, negatives, settings)
        .group_by(_OF_POSITIVE, maintain_order=True)
        .agg(pl.col(*beside).first(), pl.exclude(*_OF_POSITIVE, *beside))
    )


def full_row_per_positive(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    """Return the rows of `row_per_positive` that have all their negatives."""
    is_full = pl.col("negative_id").list.len() == settings.negatives_written
    return row_per_positive(positives, negatives, settings).filter(is_full)


def row_per_query(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    """Return every query with lists of its positives and lists of the columns about its negatives.

    Queries without negatives have no row.
    """
    others = pl.exclude("query_id", "positive_score")
    by_query = negatives.group_by("query_id", maintain_order=True)
    return (
        positives.group_by("query_id", maintain_order=True)
        .agg(pl.all())
        .join(
            by_query.agg(pl.col("positive_score").first(), others),
            on="query_id",
            how="inner",
            maintain_order="left",
        )
    )


def row_per_document(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    """Return a row for each document of a query: its positives, then its negatives.

    In the row of a positive, the columns about a negative are empty, and the other way round. A query without
    negatives has the rows of its positives.
    """
    order = positives.select("query_id").unique(maintain_order=True).with_row_index("row")
    both = pl.concat(
        [positives.with_columns(label=pl.lit(1)), negatives.with_columns(label=pl.lit(0))],
        how="diagonal",
    )
    return (
        both.join(order, on="query_id", maintain_order="left")
        .sort("row", -pl.col("label"), maintain_order=True)
        .drop("row", "label")
    )


def with_text(rows: pl.DataFrame, id_column: str, texts: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return `rows` with the text of the document in `id_column` as a further column `name`.

    texts: doc_id, text.
    """
    renamed = texts.select(pl.col("doc_id").alias(id_column), pl.col("text").alias(name))
    return rows.join(renamed, on=id_column, how="left", maintain_order="left")


def negative_columns(num_negatives: int) -> list[str]:
    """Return negative_1, negative_2 and so on."""
    return [f"negative_{number + 1}" for number in range(num_negatives)]


def with_tuple_texts(rows: pl.DataFrame, texts: pl.DataFrame, num_negatives: int) -> pl.DataFrame:
    """Return `rows` of positives with columns of texts: positive, negative_1, negative_2 and so on."""
    rows = with_text(rows, "positive_id", texts, "positive")
    for number, name in enumerate(negative_columns(num_negatives)):
        rows = rows.with_columns(_id=pl.col("negative_id").list.get(number, null_on_oob=True))
        rows = with_text(rows, "_id", texts, name).drop("_id")
    return rows


def each(
    rows: pl.DataFrame, ids: pl.Expr, texts: pl.DataFrame, value: pl.Expr, **beside: pl.Expr
) -> pl.Series:
    """Return a list for each row: what `value` makes of every document in the list `ids`, in its order.

    value: of doc_id, the columns of `texts`, and `beside`: lists as long as `ids`, one element for a document.
    No list may be empty.
    """
    long = rows.select(doc_id=ids, **beside).with_row_index("row").explode("doc_id", *beside)
    return (
        long.join(texts, on="doc_id", how="left", maintain_order="left")
        .group_by("row", maintain_order=True)
        .agg(value.alias("value"))["value"]
    )
