"""Stage 2, retrieve: runs and positives become `candidates`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa

from negmine.config.fusion import Fusion
from negmine.data import qrels as judgements
from negmine.data.frames import table
from negmine.data.schemas import (
    CANDIDATES,
    FIRST_RANK,
    JUDGED_NEGATIVE,
    PARTLY_RELEVANT,
    POSITIVE,
    UNLABELED,
    with_opinions,
)
from negmine.stages.retrieve.fusion import fused_score


def fuse(runs: Mapping[str, pl.DataFrame], positives: pl.DataFrame, fusion: Fusion) -> pl.DataFrame:
    """Union the runs and the positives; add `<retriever>_rank`, `<retriever>_score` and the fused `score`.

    score: of fusion.py, float64; null for what is no candidate.
    """
    key = ["query_id", "doc_id"]
    named = [
        hits.select(
            *key, pl.col("rank").alias(f"{name}_rank"), pl.col("score").alias(f"{name}_score")
        )
        for name, hits in runs.items()
    ]
    pairs = pl.concat([hits.select(key) for hits in named])
    fused = named[0] if len(named) == 1 else pairs.unique()
    for hits in named if len(named) > 1 else ():
        fused = fused.join(hits, on=key, how="left")
    not_found = positives.select(key).join(pairs, on=key, how="anti")
    fused = pl.concat([fused, not_found], how="diagonal")
    return fused.with_columns(score=fused_score(list(runs), fusion))


def ranked(rows: pl.DataFrame) -> pl.DataFrame:
    """Order rows by `row` (the query) and fused score, ties by doc_id, and add the fused rank."""
    in_a_run = pl.col("score").is_not_null()
    place = pl.int_range(pl.len()).over("row") + FIRST_RANK
    return rows.sort("row", -pl.col("score").fill_null(-1.0), "doc_id").with_columns(
        rank=pl.when(in_a_run).then(place).cast(pl.Int32), score=pl.col("score").cast(pl.Float32)
    )


def label(min_relevance: int) -> pl.Expr:
    """What qrels say of a pair; nothing said is `unlabeled`, never negative."""
    relevance = pl.col("relevance")
    return (
        pl.when(relevance >= min_relevance)
        .then(pl.lit(POSITIVE))
        .when(relevance <= 0)
        .then(pl.lit(JUDGED_NEGATIVE))
        .when(relevance > 0)
        .then(pl.lit(PARTLY_RELEVANT))
        .otherwise(pl.lit(UNLABELED))
        .alias("label")
    )


def candidates(
    runs: Mapping[str, pl.DataFrame],
    qrels: pl.DataFrame,
    queries: pl.DataFrame,
    min_relevance: int,
    fusion: Fusion,
) -> pl.DataFrame:
    """Return one part of `candidates`: hits (those that `fusion` chooses) and every positive.

    Rows are ordered by query and fused rank. The result also has `row`, the query's row in `queries`.
    """
    rows = queries.select("query_id").with_row_index("row")
    fused = fuse(runs, judgements.positives(qrels, min_relevance), fusion)
    labeled = fused.join(qrels, on=["query_id", "doc_id"], how="left").with_columns(
        label(min_relevance)
    )
    chosen = labeled.filter(pl.col("score").is_not_null() | (pl.col("label") == POSITIVE))
    return ranked(chosen.join(rows, on="query_id", how="inner"))


def candidates_table(rows: pl.DataFrame, retrievers: Sequence[str]) -> pa.Table:
    """Return `rows` under the candidates schema of these retrievers."""
    return table(rows, with_opinions(CANDIDATES, retrievers, after="score"))
