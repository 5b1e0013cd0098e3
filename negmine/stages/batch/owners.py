"""Batches of queries whose positives are alike although the queries are not (SaHa, "From Generator to Embedder", 2025)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.schemas import POSITIVE

NEGATIVES = 15  # rows that a row draws in: k of SaHa's README
FIRST = 3 * NEGATIVES  # owners among which the least similar are taken
POOL = 2 * FIRST  # documents that are looked at

Similarity = Callable[[pl.Series, pl.Series], NDArray[np.float32]]


def owner_lists(
    hits: pl.DataFrame,
    owners: pl.DataFrame,
    similarity: Similarity,
    pool: int = POOL,
    first: int = FIRST,
) -> pl.DataFrame:
    """Return query_id, owner: for each query the queries whose rows it draws in, the least similar query first.

    hits: query_id, doc_id, score, no positives of the query. owners: doc_id, owner (a query whose positive
    it is). Of a query's `pool` best hits that have owners, the most similar owner of each counts; of these
    the `first` that come in the order of the hits are taken, and ordered by how little their query is alike.
    """
    owned = (
        hits.join(owners.select("doc_id").unique(), on="doc_id", how="semi", maintain_order="left")
        .sort("query_id", -pl.col("score"), "doc_id")
        .with_columns(place=pl.int_range(pl.len()).over("query_id"))
        .filter(pl.col("place") < pool)
    )
    pairs = owned.join(owners, on="doc_id", how="inner", maintain_order="left")
    pairs = pairs.filter(pl.col("owner") != pl.col("query_id"))
    pairs = pairs.with_columns(
        alike=pl.Series(similarity(pairs["query_id"], pairs["owner"]), dtype=pl.Float32)
    )
    best = pairs.sort("query_id", "place", -pl.col("alike"), "owner").unique(
        ["query_id", "place"], keep="first", maintain_order=True
    )
    distinct = best.unique(["query_id", "owner"], keep="first", maintain_order=True)
    taken = distinct.group_by("query_id", maintain_order=True).head(first)
    return taken.sort("query_id", "alike", "owner").select("query_id", "owner")


def hits_of(verdicts: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return query_id, doc_id, score of the candidates that are no positives and have a score in `column`."""
    is_hit = (pl.col("label") != POSITIVE) & pl.col(column).is_not_null()
    return verdicts.filter(is_hit).select("query_id", "doc_id", score=column)
