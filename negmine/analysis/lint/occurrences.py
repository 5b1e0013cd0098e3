"""From batches to occurrences: one text in one place, which is a row, a role and a slot."""

from __future__ import annotations

import polars as pl

from negmine.analysis.lint.keys import keys
from negmine.data.shingles import shingle_column
from negmine.data.shingles.words import normalise_all

QUERY, POSITIVE, NEGATIVE = 0, 1, 2  # roles

_INVISIBLE = (
    r"^[\p{Default_Ignorable_Code_Point}\s]*$"  # white space and zero-width characters only
)
_PLACEHOLDERS = ["nan", "none", "null", "<na>", "n/a", "undefined"]


def occurrences(batch: pl.DataFrame) -> pl.DataFrame:
    """Return the occurrences of a batch (see batches.py): its queries, then positives, then negatives.

    Columns: row, role, slot (from 1; 0 for queries), text?, score?, is_pair, query_id?, id?.
    """
    queries = batch.select(
        "row",
        pl.lit(QUERY, pl.UInt8).alias("role"),
        pl.lit(0, pl.Int32).alias("slot"),
        text="query",
        score=pl.lit(None, pl.Float64),
        is_pair="is_pair",
        query_id="query_id",
        id=pl.lit(None, pl.String),
    )
    sides = [_side(batch, "positive", POSITIVE), _side(batch, "negative", NEGATIVE)]
    return pl.concat([queries, *sides])


def _side(batch: pl.DataFrame, name: str, role: int) -> pl.DataFrame:
    """Return the occurrences of positives or negatives; a row without any has one that is null."""
    texts = pl.col(f"{name}s")
    has_none = texts.is_null() | (texts.list.len() == 0)
    rows = batch.filter(~(pl.col("is_pair") & has_none)).select(
        "row",
        pl.when(has_none).then(pl.lit([None], pl.List(pl.String))).otherwise(texts).alias("text"),
        _beside(f"{name}_scores", texts, has_none, pl.Float64).alias("score"),
        "is_pair",
        "query_id",
        _beside(f"{name}_ids", texts, has_none, pl.String).alias("id"),
        count=texts.list.len().fill_null(0).clip(1),
    )
    return (
        rows.with_columns(slot=pl.int_ranges(1, pl.col("count") + 1, dtype=pl.Int32))
        .explode(["text", "score", "id", "slot"])
        .with_columns(pl.lit(role, pl.UInt8).alias("role"))
        .select("row", "role", "slot", "text", "score", "is_pair", "query_id", "id")
    )


def _beside(name: str, texts: pl.Expr, has_none: pl.Expr, kind: type[pl.DataType]) -> pl.Expr:
    """Return lists as long as those of the texts: of nulls where there are none, or of another length."""
    count = pl.when(has_none).then(1).otherwise(texts.list.len())
    nulls = pl.lit(None, kind).repeat_by(count)
    fits = pl.col(name).is_not_null() & (pl.col(name).list.len() == count)
    return pl.when(fits).then(pl.col(name)).otherwise(nulls)


def distinct_texts(texts: pl.Series) -> pl.DataFrame:
    """Return the distinct texts, and what the rules need to know of each.

    Columns: text, its key (text_a, text_b), is_empty, is_placeholder, characters, place (its row here),
    shingles.
    """
    distinct = texts.drop_nulls().unique().alias("text")
    normalised = normalise_all(distinct)
    return pl.DataFrame([distinct, *keys(normalised)]).with_columns(
        normalised.str.contains(_INVISIBLE).alias("is_empty"),
        normalised.is_in(_PLACEHOLDERS).alias("is_placeholder"),
        distinct.str.len_chars().alias("characters"),
        pl.int_range(len(distinct), dtype=pl.UInt32, eager=True).alias("place"),
        shingle_column(normalised),
    )
