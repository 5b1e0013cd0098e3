"""`one-per-retriever`: the best candidate of each retriever in turn.

Source: NV-Retriever (Moreira et al. 2024), its "intra-sample" ensemble of teachers, which keeps duplicates;
here a document is taken once, and the retriever gives its next one.
"""

from __future__ import annotations

import polars as pl

from negmine.stages.write.sampling.base import Selection, certain


def one_per_retriever(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take the first row of every retriever's own list, then the second of each, and so on.

    A row stands where its best place among the retrievers' lists of kept rows puts it, ties in the order of the
    retrievers. A row that no retriever ranks comes last.
    """
    names = selection.retrievers
    turns = [
        (_own_turn(name).cast(pl.Int64) - 1) * len(names) + number
        for number, name in enumerate(names)
    ]
    best = pl.min_horizontal(turns)
    last = pl.len().over("query_id").cast(pl.Int64) * len(names) + pl.col("turn")
    return kept.with_columns(certain(), place=best.fill_null(last))


def _own_turn(name: str) -> pl.Expr:
    """The place among a query's rows in one retriever's list, from 1; null for rows not in it."""
    return pl.col(f"{name}_rank").rank("ordinal").over("query_id")
