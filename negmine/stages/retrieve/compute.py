"""Room 2, retrieve: every retriever's hits become a `run`; runs and positives become `candidates`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import table
from negmine.data.schemas import (
    CANDIDATES,
    FIRST_RANK,
    JUDGED_NEGATIVE,
    PARTLY_RELEVANT,
    POSITIVE,
    RUN,
    UNLABELED,
    with_opinions,
)
from negmine.retrievers.base import Hits

FEW = 16  # positives of a query that is searched with the most of them
RRF_K = 60  # Cormack, Clarke and Buettcher 2009, section 2


NOTHING = pl.DataFrame(
    schema={"row": pl.UInt32, "query_id": pl.String, "doc_id": pl.String, "score": pl.Float32}
)


def positives(qrels: pl.DataFrame, min_relevance: int) -> pl.DataFrame:
    """Return query_id, doc_id of the pairs that are relevant enough to be positives."""
    return qrels.filter(pl.col("relevance") >= min_relevance).select("query_id", "doc_id")


def mined_queries(queries: pl.DataFrame, qrels: pl.DataFrame, min_relevance: int) -> pl.DataFrame:
    """Return the queries that have a positive, in their order."""
    return queries.join(
        positives(qrels, min_relevance), on="query_id", how="semi", maintain_order="left"
    )


def enough(queries: pl.DataFrame, known: pl.DataFrame, k: int) -> NDArray[np.int64]:
    """Return how many hits of every query can be in its run: k, and its positives; int64 [queries]."""
    counts = known.group_by("query_id").len()
    found = queries.select("query_id").join(
        counts, on="query_id", how="left", maintain_order="left"
    )
    return k + found["len"].fill_null(0).cast(pl.Int64).to_numpy()


def by_depth(
    queries: pl.DataFrame, known: pl.DataFrame, k: int
) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64]]]:
    """Yield the queries that need about k hits, then the few with many positives; each with `enough`.

    queries: with a `row` of their own. One query with a hundred positives makes no other search deeper.
    """
    counts = enough(queries, known, k)
    for many in (False, True):
        here = np.flatnonzero((counts > k + FEW) == many)
        if len(here):
            yield queries[here], counts[here]


def found(
    hits: Hits,
    query_ids: pl.Series,
    doc_ids: pl.Series,
    enough: NDArray[np.int64] | None = None,
    places: pl.Series | None = None,
) -> pl.DataFrame:
    """Return hits as rows: row, query_id, doc_id, score.

    enough: so many of every query, whose hits are in order; else all. places: the row of every query, else
    its number.
    """
    there = hits.docs >= 0
    if enough is not None:
        there &= np.arange(hits.docs.shape[1]) < enough[:, None]
    rows, columns = np.nonzero(there)
    where = pl.Series("row", rows.astype(np.uint32))
    return pl.DataFrame(
        {
            "row": where if places is None else places.gather(where).cast(pl.UInt32),
            "query_id": query_ids.gather(rows),
            "doc_id": doc_ids.gather(hits.docs[rows, columns]),
            "score": hits.scores[rows, columns].astype(np.float32),
        }
    )


def in_order(found: pl.DataFrame, within: bool = False) -> pl.DataFrame:
    """Order rows by query and (-score, doc_id); within: those of a query are so already."""
    if within:
        return found.sort("row", maintain_order=True)
    return found.sort("row", -pl.col("score"), "doc_id")


def run(found: pl.DataFrame, known: pl.DataFrame, k: int) -> pa.Table:
    """Return a run: ranked hits per query, ending with the k-th hit that is no known positive.

    found: row (the query's place), query_id, doc_id, score, in order. known: query_id, doc_id of the
    positives. Positives that were found keep their rank: the run says what the retriever really did, and
    recall can be read off it.
    """
    is_new = pl.col("known").is_null()
    ranked = found.join(
        known.with_columns(known=True),
        on=["query_id", "doc_id"],
        how="left",
        maintain_order="left",
    ).with_columns(
        rank=(pl.int_range(pl.len()).over("row") + FIRST_RANK).cast(pl.Int32),
        new=is_new.cast(pl.Int64).cum_sum().over("row"),
    )
    inside = (pl.col("new") < k) | ((pl.col("new") == k) & is_new)
    return table(ranked.filter(inside), RUN)


def fuse(runs: Mapping[str, pl.DataFrame], known: pl.DataFrame) -> pl.DataFrame:
    """Union the runs and the positives; add `<retriever>_rank`, `<retriever>_score` and the fused `score`.

    score = sum over retrievers of 1 / (60 + rank): reciprocal rank fusion, float64.
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
    not_found = known.select(key).join(pairs, on=key, how="anti")
    fused = pl.concat([fused, not_found], how="diagonal")
    return fused.with_columns(score=reciprocal_ranks(list(runs)))


def reciprocal_ranks(retrievers: Sequence[str]) -> pl.Expr:
    """The fused score, float64; null where no retriever found the document."""
    ranks = [pl.col(f"{name}_rank").cast(pl.Float64) for name in retrievers]
    found = pl.any_horizontal([rank.is_not_null() for rank in ranks])
    return pl.when(found).then(pl.sum_horizontal([1 / (RRF_K + rank) for rank in ranks]))


def ranked(rows: pl.DataFrame) -> pl.DataFrame:
    """Order rows by `row` (the query) and fused score, ties by doc_id, and add the fused rank."""
    found = pl.col("score").is_not_null()
    place = pl.int_range(pl.len()).over("row") + FIRST_RANK
    return rows.sort("row", -pl.col("score").fill_null(-1.0), "doc_id").with_columns(
        rank=pl.when(found).then(place).cast(pl.Int32), score=pl.col("score").cast(pl.Float32)
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
) -> pl.DataFrame:
    """Return one part of `candidates`: every hit and every positive, ordered by query and fused rank.

    The result also has `row`, the query's row in `queries`.
    """
    rows = queries.select("query_id").with_row_index("row")
    fused = fuse(runs, positives(qrels, min_relevance))
    return ranked(
        fused.join(qrels, on=["query_id", "doc_id"], how="left")
        .with_columns(label(min_relevance))
        .join(rows, on="query_id", how="inner")
    )


def candidates_table(rows: pl.DataFrame, retrievers: Sequence[str]) -> pa.Table:
    """Return `rows` under the candidates schema of these retrievers."""
    return table(rows, with_opinions(CANDIDATES, retrievers, after="score"))
