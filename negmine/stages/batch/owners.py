"""Batches of queries whose positives are alike although the queries are not.

The method is SaHa's ("From Generator to Embedder", 2025). A query's hits are those that the run has on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.schemas import POSITIVE
from negmine.engine.context import Context
from negmine.retrievers.base import VectorRetriever
from negmine.stages.batch.fill import Turn
from negmine.stages.batch.rows import TrainingRows
from negmine.stages.batch.turns import RowsOfQueries
from negmine.storage.layout import VERDICTS

NEGATIVES = 15  # rows that a row draws in: k of SaHa's README
FIRST = 3 * NEGATIVES  # owners among which the least similar are taken
POOL = 2 * FIRST  # documents that are looked at
QUERIES = 16_384  # whose hits are looked up at once

Similarity = Callable[[pl.Series, pl.Series], NDArray[np.float32]]


def owner_turns(
    context: Context,
    training: TrainingRows,
    rows: RowsOfQueries,
    retriever: VectorRetriever,
    seed: int,
) -> Iterator[Turn]:
    """Yield the turns of rows, some queries at a time: a row draws in rows of other queries."""
    chosen = context.config.vector_retriever
    assert chosen is not None
    score, owned = f"{chosen.name}_score", _owned(training)
    numbered = training.query_ids.to_frame("query_id").with_row_index("number")
    parts = context.work.parts(VERDICTS, ["query_id", "doc_id", "label", score])
    for turn, hits in _hits(parts, score, numbered):
        lists = owner_lists(hits, owned, retriever.query_similarity)
        yield _turn(numbered.slice(turn * QUERIES, QUERIES), lists, numbered, rows, seed)


def _hits(
    parts: Iterable[pl.DataFrame], score: str, numbered: pl.DataFrame
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield query_id, doc_id, score of the hits of QUERIES queries at a time, whatever the sizes of parts.

    numbered: query_id, number, in the order of `verdicts`. Each turn comes, hits or not.
    """
    turn, waiting, start = 0, list[pl.DataFrame](), 0
    last = (numbered.height - 1) // QUERIES
    is_hit = (pl.col("label") != POSITIVE) & pl.col(score).is_not_null()
    for part in parts:
        hits = part.filter(is_hit).select("query_id", "doc_id", score=score)
        queries = part.select("query_id").unique()
        own = numbered.slice(start, queries.height).join(
            queries, on="query_id", how="semi", maintain_order="left"
        )
        start += own.height
        of_rows = hits.join(own, on="query_id", maintain_order="left")
        for key, some in of_rows.group_by(pl.col("number") // QUERIES, maintain_order=True):
            while turn < int(key[0]):
                yield turn, pl.concat([*waiting, some.clear()]).drop("number")
                turn, waiting = turn + 1, []
            waiting.append(some)
    empty = numbered.select("query_id", doc_id="query_id", score=pl.lit(0, pl.Float32)).clear()
    while turn <= last:
        yield turn, pl.concat([one.drop("number") for one in waiting] or [empty])
        turn, waiting = turn + 1, []


def _owned(training: TrainingRows) -> pl.DataFrame:
    """Return doc_id, owner: the positives of the rows, and the queries that they are a positive of."""
    has = training.positives >= 0
    documents = training.doc_ids[training.positives[has]]
    owners = training.query_ids[training.rows.query[has]]
    return pl.DataFrame({"doc_id": documents, "owner": owners}).unique(maintain_order=True)


def owner_lists(
    hits: pl.DataFrame,
    owners: pl.DataFrame,
    similarity: Similarity,
    pool: int = POOL,
    first: int = FIRST,
) -> pl.DataFrame:
    """Return query_id, owner: for each query the queries whose rows it draws in, the least similar first.

    hits: query_id, doc_id, score, no positives of the query. owners: doc_id, owner (a query whose positive
    it is). Of a query's `pool` best hits that have owners, the most similar owner of each counts. Of these
    the `first` are taken, in the order of the hits, and put in order of their similarity to the query.
    """
    owners = owners.join(
        hits.select("doc_id").unique(), on="doc_id", how="semi", maintain_order="left"
    )
    owned = (
        hits.join(owners.select("doc_id").unique(), on="doc_id", how="semi", maintain_order="left")
        .sort("query_id", -pl.col("score"), "doc_id")
        .with_columns(place=pl.int_range(pl.len()).over("query_id"))
        .filter(pl.col("place") < pool)
    )
    pairs = owned.join(owners, on="doc_id", how="inner", maintain_order="left")
    pairs = pairs.filter(pl.col("owner") != pl.col("query_id"))
    alike = pl.Series(similarity(pairs["query_id"], pairs["owner"]), dtype=pl.Float32)
    taken = (
        pairs.with_columns(alike=alike)
        .sort("query_id", "place", -pl.col("alike"), "owner")
        .unique(["query_id", "place"], keep="first", maintain_order=True)
        .unique(["query_id", "owner"], keep="first", maintain_order=True)
        .group_by("query_id", maintain_order=True)
        .head(first)
    )
    return taken.sort("query_id", "alike", "owner").select("query_id", "owner")


def _turn(
    queries: pl.DataFrame,
    lists: pl.DataFrame,
    numbered: pl.DataFrame,
    rows: RowsOfQueries,
    seed: int,
) -> Turn:
    """Return the turn of the rows of `queries`; each draws in what `lists` has for its query."""
    owner = numbered.rename({"query_id": "owner", "number": "drawn"})
    owner = owner.join(lists.select("owner").unique(), on="owner", how="semi")
    drawn = (
        queries.join(lists, on="query_id", how="left", maintain_order="left_right")
        .join(owner, on="owner", how="left", maintain_order="left")
        .group_by("number", maintain_order=True)
        .agg(pl.col("drawn").drop_nulls())
    )
    flat = drawn["drawn"].explode(empty_as_null=False).cast(pl.Int64).to_numpy()
    lengths = drawn["drawn"].list.len().to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    number = drawn["number"].cast(pl.Int64).to_numpy()
    return rows.turn(number, rows.order(number, seed), flat, offsets, NEGATIVES)
