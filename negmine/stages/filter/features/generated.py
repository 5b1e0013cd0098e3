"""Features of documents that a language model wrote. They are in no index: stage generate has compared them."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pyarrow as pa

from negmine.data.frames import frame, table
from negmine.data.schemas import FEATURES, GENERATED
from negmine.engine.context import Context
from negmine.storage.layout import GENERATED_LIKENESS


def with_generated(
    context: Context,
    rows: pl.DataFrame,
    part: int,
    make: Callable[[pl.DataFrame], pa.Table],
    contains_answer: Callable[[pl.DataFrame], pl.Series] | None,
) -> pa.Table:
    """Return the features of a part of the candidates; `make` returns those of retrieved rows.

    contains_answer: tells it for rows, where a rule asks. A written document shares no parent, and is no
    positive of another query.
    """
    is_written = pl.col("label") == GENERATED
    placed = rows.with_row_index("_place")
    retrieved, written = placed.filter(~is_written), placed.filter(is_written)
    own = frame(make(retrieved.drop("_place"))).with_columns(retrieved["_place"])
    if written.is_empty():
        return table(own.drop("_place"), FEATURES)
    like = context.work.read(GENERATED_LIKENESS, part)
    added = written.join(like, on=["query_id", "doc_id"], how="left", maintain_order="left")
    if contains_answer is not None:
        added = added.with_columns(contains_answer(added).alias("contains_answer"))
    if context.config.filter.same_parent is not None:
        added = added.with_columns(same_parent=pl.lit(False))
    shared = [name for name in own.columns if name in added.columns]
    both = pl.concat([own, added.select(shared)], how="diagonal_relaxed").sort("_place")
    return table(both.drop("_place"), FEATURES)
