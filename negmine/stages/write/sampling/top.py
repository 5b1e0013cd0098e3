"""`top`: the best-ranked kept candidates."""

from __future__ import annotations

import polars as pl

from negmine.stages.write.sampling.base import Selection, certain


def top(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take the rows as they stand."""
    return kept.with_columns(certain(), place=pl.col("turn"))
