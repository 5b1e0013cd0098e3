"""`top1-random`: the best candidate, then a draw from the rest of the pool.

Source: NV-Retriever (Moreira et al. 2024), which calls it "top-1 + sampled".
"""

from __future__ import annotations

import polars as pl

from negmine.stages.write.sampling.base import Selection, draws, in_pool


def top1_random(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take the first row, then the others of the pool in the order of their draws."""
    pool = in_pool(kept, selection.write.pool)
    pool = pool.with_columns(draws(pool, selection.write.seed))
    is_first = pl.col("turn") == 0
    drawn = pl.col("draw").rank("ordinal").over("query_id")
    return pool.with_columns(
        place=pl.when(is_first).then(0).otherwise(drawn),
        sampling_probability=pl.when(is_first)
        .then(1.0)
        .otherwise(1 / (pl.len().over("query_id") - 1)),
    ).drop("draw")
