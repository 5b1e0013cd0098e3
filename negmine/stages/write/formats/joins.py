"""How formats bring positives, negatives and texts together. A format may use these, or do without."""

from __future__ import annotations

import polars as pl

_OF_POSITIVE = ["query_id", "positive_id", "positive_label"]


def row_per_negative(positives: pl.DataFrame, negatives: pl.DataFrame) -> pl.DataFrame:
    """Return every positive of a query with every negative of it; queries without negatives have no row."""
    return positives.join(negatives, on="query_id", how="inner", maintain_order="left_right")


def row_per_positive(positives: pl.DataFrame, negatives: pl.DataFrame) -> pl.DataFrame:
    """Return every positive of a query with lists of the columns about its negatives, best first.

    `positive_score` is no list: it is the same for all negatives of a query. Queries without negatives
    have no row.
    """
    return (
        row_per_negative(positives, negatives)
        .group_by(_OF_POSITIVE, maintain_order=True)
        .agg(pl.col("positive_score").first(), pl.exclude(*_OF_POSITIVE, "positive_score"))
    )


def with_text(rows: pl.DataFrame, id_column: str, texts: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return `rows` with the text of the document in `id_column` as a further column `name`.

    texts: doc_id, text.
    """
    renamed = texts.rename({"doc_id": id_column, "text": name})
    return rows.join(renamed, on=id_column, how="left", maintain_order="left")
