"""What qrels say: which pairs are positives, which queries are mined."""

from __future__ import annotations

import polars as pl


def positives(qrels: pl.DataFrame, min_relevance: int) -> pl.DataFrame:
    """Return query_id, doc_id of the pairs that are relevant enough to be positives."""
    return qrels.filter(pl.col("relevance") >= min_relevance).select("query_id", "doc_id")


def mined_queries(queries: pl.DataFrame, qrels: pl.DataFrame, min_relevance: int) -> pl.DataFrame:
    """Return the queries that have a positive, in their order."""
    return queries.join(
        positives(qrels, min_relevance), on="query_id", how="semi", maintain_order="left"
    )
