"""`5-write/refresh`: how the negatives of every query differ from those of the last round."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.data.frames import table
from negmine.data.schemas import REFRESH
from negmine.engine.context import Context
from negmine.engine.tasks import Parts
from negmine.stages.write.given import Given
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.selection import selected

IS_CHANGED = (pl.col("new") > 0) | (pl.col("kept") < pl.col("last"))


def refresh(context: Context) -> Parts:
    """A row for each query: negatives that the last round wrote, and of this one those kept and those new."""
    given = Given(context)

    def make(part: int) -> pa.Table:
        return table(refreshed(given.verdicts(part), given.selection), REFRESH)

    return Parts(context.queries.parts(), make, threads=True)


def refreshed(verdicts: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return query_id, last, kept, new of the queries in one part of `verdicts`, in their order."""
    assert selection.earlier is not None
    queries = verdicts.select("query_id").unique(maintain_order=True)
    is_new = pl.col("round") == selection.round
    now = (
        selected(verdicts, selection)
        .group_by("query_id")
        .agg(kept=(~is_new).sum(), new=is_new.sum())
    )
    last = selection.earlier(queries["query_id"]).group_by("query_id").agg(last=pl.len())
    counted = queries.join(last, on="query_id", how="left", maintain_order="left").join(
        now, on="query_id", how="left", maintain_order="left"
    )
    numbers = [pl.col(name).fill_null(0).cast(pl.Int64) for name in ("last", "kept", "new")]
    return counted.select("query_id", *numbers)


def count_refresh(rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts: queries whose negatives changed, negatives kept, new, and gone."""
    counts = rows.select(
        queries_changed=IS_CHANGED.sum(),
        negatives_kept=pl.col("kept").sum(),
        negatives_new=pl.col("new").sum(),
        negatives_gone=(pl.col("last") - pl.col("kept")).sum(),
    ).collect(engine="streaming")
    return {name: int(value) for name, value in counts.row(0, named=True).items()}
