"""Compose the batches of a training file: which row comes into which batch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from negmine.engine.context import Context
from negmine.errors import InputError
from negmine.retrievers.base import VectorRetriever
from negmine.retrievers.registry import open_vectors
from negmine.stages.batch.fill import Filler, Ints, Numbers
from negmine.stages.batch.outcome import Composed, composed
from negmine.stages.batch.owners import owner_turns
from negmine.stages.batch.points import Points
from negmine.stages.batch.rows import TrainingRows, training_rows
from negmine.stages.batch.settings import FILES, BatchSettings
from negmine.stages.batch.turns import TURNS, RowsOfQueries
from negmine.storage.layout import QUERIES

CLUSTERED = ("cluster", "neighbour")


def compose(context: Context, settings: BatchSettings, provenance: str) -> Composed:
    """Compose batches of the rows of a provenance (an artifact).

    Raises InputError where the queries have no column --source.
    """
    training = training_rows(context, provenance, settings.near_copy)
    retriever = open_vectors(context) if context.config.vector_retriever is not None else None
    points = None if retriever is None else _points(retriever, training.query_ids)
    filler = Filler(training.rows, settings.batch_size, is_exact=settings.layout != FILES)
    cluster = np.full(len(training.rows), -1, np.int32)
    context.progress.total(len(training.rows), "rows")
    if settings.by == "owner":
        assert retriever is not None
        for turn in owner_turns(context, training, _rows(training), retriever, settings.seed):
            filler.take(turn)
            context.progress.advance(len(turn.rows))
    else:
        _fill(context, filler, training, points, settings, cluster)
    return composed(training, filler, cluster, points, settings)


def _points(retriever: VectorRetriever, query_ids: pl.Series) -> Points:
    places, vectors = retriever.query_rows(query_ids), retriever.queries
    return Points(lambda numbers: vectors[places[numbers]], len(places), vectors.shape[1])


def _rows(training: TrainingRows) -> RowsOfQueries:
    """Return the rows of queries; queries are of one kind that share the first of their positives."""
    rows, count = training.rows, len(training.query_ids)
    kind = np.full(count, rows.groups, np.int64)
    has = training.positives >= 0
    np.minimum.at(kind, rows.query[has], training.groups[training.positives[has]])
    return RowsOfQueries(rows.query, count, kind)


def _fill(
    context: Context,
    filler: Filler,
    training: TrainingRows,
    points: Points | None,
    settings: BatchSettings,
    cluster: Numbers,
) -> None:
    """Fill batches group by group, one source after the other; cluster: gets the number of each row's group."""
    rows, number = _rows(training), 0
    for queries in _sources(context, training.query_ids, settings.source):
        for group, turn in TURNS[settings.by](points, queries, rows, settings):
            if settings.by in CLUSTERED:
                cluster[rows.of(group)] = number
                number += 1
            filler.take(turn)
            if settings.layout == FILES:
                filler.close()
            context.progress.advance(len(turn.rows))
        filler.close()


def _sources(context: Context, query_ids: pl.Series, column: str | None) -> Iterator[Ints]:
    """Yield the queries of each source, by number; without a column, all of them. No value is a value, too."""
    if column is None:
        yield np.arange(len(query_ids))
        return
    queries = context.work.scan(QUERIES)
    names = queries.collect_schema().names()
    if column not in names:
        raise InputError(
            f"--source {column}: the table of queries has no such column. It has: {', '.join(names)}."
        )
    values = queries.select("query_id", source=pl.col(column)).collect()
    joined = query_ids.to_frame("query_id").join(
        values, on="query_id", how="left", maintain_order="left"
    )
    for _, group in joined.with_row_index("number").group_by("source", maintain_order=True):
        yield group["number"].cast(pl.Int64).to_numpy()
