"""Compose the batches of a training file: which row comes into which batch, and what that is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.engine.context import Context
from negmine.errors import InputError
from negmine.retrievers.base import VectorRetriever
from negmine.retrievers.registry import open_vectors
from negmine.stages.batch import owners
from negmine.stages.batch.count import coherence, measured, sampled_batches
from negmine.stages.batch.fill import DRAWN, Filler, Ints, Turn
from negmine.stages.batch.points import Points, shuffled
from negmine.stages.batch.rows import TrainingRows, training_rows
from negmine.stages.batch.settings import BatchSettings
from negmine.stages.batch.turns import TURNS, RowsOfQueries
from negmine.storage.layout import QUERIES, VERDICTS

LEFT_OVER = ("conflict", "remainder")  # why a row has no batch


@dataclass(frozen=True)
class Composed:
    """The composed batches.

    rows: batch?, place?, row, query_id, cluster?, why, in the order of the new file. stats: for the manifest.
    """

    rows: pl.DataFrame
    stats: dict[str, Any]


def compose(context: Context, settings: BatchSettings, provenance: str) -> Composed:
    """Compose batches of the rows of a provenance (an artifact). Raises InputError for --source without a column."""
    training = training_rows(context, provenance, settings.near_copy)
    retriever = open_vectors(context) if context.config.vector_retriever is not None else None
    points = None if retriever is None else _points(retriever, training.query_ids)
    filler, cluster = (
        Filler(training.rows, settings.batch_size),
        np.full(len(training.rows), -1, np.int32),
    )
    context.progress.total(len(training.rows), "rows")
    if settings.by == "owner":
        assert retriever is not None
        _fill_by_owner(context, filler, training, retriever, settings)
    else:
        _fill_by_turns(context, filler, training, points, settings, cluster)
    return _composed(training, filler, cluster, points, settings)


def _points(retriever: VectorRetriever, query_ids: pl.Series) -> Points:
    places = retriever.query_rows(query_ids)
    vectors = retriever.queries
    return Points(lambda numbers: vectors[places[numbers]], len(places), vectors.shape[1])


def _fill_by_turns(
    context: Context,
    filler: Filler,
    training: TrainingRows,
    points: Points | None,
    settings: BatchSettings,
    cluster: NDArray[np.int32],
) -> None:
    """Fill batches group by group, one source after the other; cluster: gets the number of each row's group."""
    rows = _rows_of_queries(training)
    number = 0
    for queries in _sources(context, training.query_ids, settings.source):
        for group, turn in TURNS[settings.by](points, queries, rows, settings):
            if settings.by in ("cluster", "neighbour"):
                cluster[rows.of(group)] = number
                number += 1
            filler.take(turn)
            context.progress.advance(len(turn.rows))
        filler.close()


def _rows_of_queries(training: TrainingRows) -> RowsOfQueries:
    rows, count = training.rows, len(training.query_ids)
    kind = np.full(count, rows.groups, np.int64)
    has = training.positives >= 0
    np.minimum.at(kind, rows.query[has], training.groups[training.positives[has]])
    return RowsOfQueries(rows.query, count, kind)


def _sources(context: Context, query_ids: pl.Series, column: str | None) -> Iterator[Ints]:
    """Yield the queries of each source, by number; without a column, all of them. An empty value is one, too."""
    if column is None:
        yield np.arange(len(query_ids))
        return
    names = context.work.scan(QUERIES).collect_schema().names()
    if column not in names:
        raise InputError(
            f"--source {column}: the table of queries has no such column. It has: {', '.join(names)}."
        )
    values = context.work.scan(QUERIES).select("query_id", source=pl.col(column)).collect()
    joined = query_ids.to_frame("query_id").join(
        values, on="query_id", how="left", maintain_order="left"
    )
    for _, group in joined.with_row_index("number").group_by("source", maintain_order=True):
        yield group["number"].cast(pl.Int64).to_numpy()


def _fill_by_owner(
    context: Context,
    filler: Filler,
    training: TrainingRows,
    retriever: VectorRetriever,
    settings: BatchSettings,
) -> None:
    """Fill batches part by part of `verdicts`: a row draws rows in whose positives are near to its query."""
    chosen = context.config.vector_retriever
    assert chosen is not None
    rows = _rows_of_queries(training)
    numbered = training.query_ids.to_frame("query_id").with_row_index("number")
    has = training.positives >= 0
    owned = pl.DataFrame(
        {
            "doc_id": training.doc_ids[training.positives[has]],
            "owner": training.query_ids[training.rows.query[has]],
        }
    ).unique(maintain_order=True)
    columns = ["query_id", "doc_id", "label", f"{chosen.name}_score"]
    for part in context.work.parts(VERDICTS, columns):
        queries = (
            part.select("query_id")
            .unique(maintain_order=True)
            .join(numbered, on="query_id", maintain_order="left")
        )
        hits = owners.hits_of(part, columns[-1])
        lists = owners.owner_lists(hits, owned, retriever.query_similarity)
        filler.take(_owner_turn(queries, lists, numbered, rows, settings))
        context.progress.advance(len(rows.of(queries["number"].cast(pl.Int64).to_numpy())))


def _owner_turn(
    queries: pl.DataFrame,
    lists: pl.DataFrame,
    numbered: pl.DataFrame,
    rows: RowsOfQueries,
    settings: BatchSettings,
) -> Turn:
    """Return the turn of the rows of `queries`; each draws in what `lists` has for its query."""
    owner = numbered.rename({"query_id": "owner", "number": "drawn"})
    drawn = (
        queries.join(lists, on="query_id", how="left", maintain_order="left_right")
        .join(owner, on="owner", how="left", maintain_order="left")
        .group_by("number", maintain_order=True)
        .agg(pl.col("drawn").drop_nulls())
    )
    lengths = drawn["drawn"].list.len().to_numpy()
    flat = drawn["drawn"].explode(empty_as_null=False).cast(pl.Int64).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    number = drawn["number"].cast(pl.Int64).to_numpy()
    order = rows.order(number, settings.seed)
    return rows.turn(number, order, flat, offsets, owners.NEGATIVES)


def _composed(
    training: TrainingRows,
    filler: Filler,
    cluster: NDArray[np.int32],
    points: Points | None,
    settings: BatchSettings,
) -> Composed:
    size, count = settings.batch_size, filler.batches
    number = np.empty(count, np.int32)
    number[shuffled(np.arange(count), settings.seed)] = np.arange(count, dtype=np.int32)
    batch = np.append(number, np.int32(-1))[filler.batch]  # -1 is last
    order = np.lexsort((filler.place, np.where(batch < 0, count, batch))).astype(np.int64)
    why = _why(filler, settings.by)
    rows = pl.DataFrame(
        {
            "batch": batch[order],
            "place": filler.place[order],
            "row": order,
            "query_id": training.query_ids[training.rows.query[order]],
            "cluster": cluster[order],
            "why": why.gather(order),
        }
    ).with_columns(pl.when(pl.col(name) >= 0).then(name) for name in ("batch", "place", "cluster"))
    stats = _stats(training, order[: count * size], why, points, size, settings.seed)
    return Composed(rows, {**stats, "fullest": filler.fullest})


def _why(filler: Filler, by: str) -> pl.Series:
    """Return why each row has its batch, or has none."""
    has = filler.batch >= 0
    placed = np.where(filler.how == DRAWN, by, np.where(filler.waited == 1, "waited", "in_turn"))
    left = np.where(filler.waited == 1, *LEFT_OVER)
    return pl.Series(np.where(has, placed, left).astype(object), dtype=pl.String)


def _stats(
    training: TrainingRows, order: Ints, why: pl.Series, points: Points | None, size: int, seed: int
) -> dict[str, Any]:
    """Return counts, and what an order by file, a random one, and the composed one are worth."""
    rows = training.rows
    every = np.arange(len(rows))
    orders = {"file": every, "shuffled": shuffled(every, seed), "composed": order}
    counts = Counter(why.to_list())
    stats: dict[str, Any] = {
        "batches": len(order) // size,
        "batch_size": size,
        "in_batches": len(order),
        "left_over": {name: counts.get(name, 0) for name in LEFT_OVER},
        "why": dict(sorted(counts.items())),
        "false_negatives": {name: measured(rows, one, size) for name, one in orders.items()},
    }
    if points is not None:
        stats["coherence"] = {
            name: coherence(points, sampled_batches(rows.query, one, size))
            for name, one in orders.items()
        }
    return stats
