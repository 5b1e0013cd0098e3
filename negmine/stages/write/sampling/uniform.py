"""`random`: a draw without replacement from the pool, every candidate as likely as any other."""

from __future__ import annotations

import polars as pl

from negmine.stages.write.sampling.base import Selection, draws, in_pool


def uniform(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take the rows of the pool in the order of their draws."""
    pool = in_pool(kept, selection.write.pool)
    return pool.with_columns(
        place=draws(pool, selection.write.seed),
        sampling_probability=1 / pl.len().over("query_id"),
    )
