"""`round-robin`: each query takes its negatives from one retriever, another query from another.

Source: NV-Retriever (Moreira et al. 2024), its "cross-sample" ensemble: one random teacher for each row.
"""

from __future__ import annotations

import polars as pl

from negmine.data.hashing import name_hashes
from negmine.stages.write.sampling.base import Selection

_STREAM = 1_000_003  # so that these draws are not those of other samplings with the same seed


def round_robin(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take the rows that the query's retriever ranks, by its own rank.

    The retriever is drawn by `seed` and query_id. Where it ranks fewer rows than are wanted, the others follow
    as they stand.
    """
    names = selection.retrievers
    drawn = name_hashes(kept["query_id"], selection.write.seed + _STREAM) % len(names)
    own = pl.lit(None, pl.Int32)
    for number, name in enumerate(names):
        own = pl.when(pl.col("_drawn") == number).then(f"{name}_rank").otherwise(own)
    rows = kept.with_columns(_drawn=drawn).with_columns(_own=own)
    last = pl.col("_own").max().over("query_id").fill_null(0).cast(pl.Int64) + 1 + pl.col("turn")
    return rows.with_columns(
        place=pl.col("_own").cast(pl.Int64).fill_null(last),
        sampling_probability=pl.lit(1 / len(names)),
    ).drop("_drawn", "_own")
