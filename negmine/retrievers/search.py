"""The task of a run: search every query of a part with a retriever that is opened once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.engine.context import Context
from negmine.engine.tasks import MODEL, TASK, Parts, Pieces, once
from negmine.retrievers import runs, shards
from negmine.retrievers.base import Retriever


def run(
    context: Context,
    open_retriever: Callable[[Context], Retriever],
    ordered: bool,
    is_sharded: bool = False,
) -> Parts:
    """Return the work that makes a retriever's run.

    ordered: hits come by (-score, doc_id). is_sharded: it is a `Sharded` retriever.
    """
    opened, one_at_a_time = once(lambda: open_retriever(context)), Lock()
    k, doc_ids = context.config.retrieve.k, context.corpus.doc_ids

    def search(queries: pl.DataFrame, depths: NDArray[np.int64]) -> pl.DataFrame:
        retriever: Any = opened()
        taken = depths if ordered else None
        if is_sharded:
            with one_at_a_time:
                return shards.hits(retriever, queries, int(depths.max()), taken).drop("doc")
        depth = min(int(depths.max()), len(doc_ids()))
        with one_at_a_time:  # a search takes all cores; what is made of its hits does not
            hits = retriever.search(queries.to_arrow(), depth)
        return runs.as_rows(hits, queries["query_id"], doc_ids(), taken, queries["row"])

    def make(part: int) -> pa.Table:
        queries = context.queries.mined(part).with_row_index("row")
        positives = context.queries.positives(part)
        groups = runs.by_depth(queries, positives, k)
        hits = pl.concat([runs.NO_HITS, *(search(*group) for group in groups)])
        return runs.run(runs.in_order(hits, ordered), positives, k)

    place = TASK if ordered else MODEL  # one of the user's own may have a model
    pieces = in_pieces(context, opened) if is_sharded else None
    return Parts(context.queries.parts(), make, threads=ordered, place=place, pieces=pieces)


def in_pieces(context: Context, opened: Callable[[], Any]) -> Pieces:
    """Return how the parts of a run are merged of what each shard finds.

    opened: returns a `Sharded` retriever.
    """
    k = context.config.retrieve.k

    def make(shard: int, part: int) -> pa.Table:
        queries = context.queries.mined(part).with_row_index("row")
        groups = runs.by_depth(queries, context.queries.positives(part), k)
        found = [
            shards.hits_of_one(opened(), shard, some, int(depths.max()), depths).drop("doc")
            for some, depths in groups
        ]
        return pl.concat([runs.NO_HITS, *found]).to_arrow(compat_level=pl.CompatLevel.oldest())

    def merge(part: int, pieces: Sequence[pl.DataFrame]) -> pa.Table:
        hits = pl.concat([runs.NO_HITS, *pieces])
        return runs.run(runs.in_order(hits), context.queries.positives(part), k)

    return Pieces(lambda: len(opened().shards), make, merge)
