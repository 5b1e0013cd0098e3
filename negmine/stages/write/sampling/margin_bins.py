"""`margin-bins`: hard and easy candidates alike, so that the many easy ones do not crowd out the rest.

Source: TAS-Balanced (Hofstätter et al. 2021), section 3.2: bins of equal width between a query's smallest and
largest margin; a bin is drawn uniformly, then a candidate in it.
"""

from __future__ import annotations

import polars as pl

from negmine.stages.write.sampling.base import Selection, draws


def margin_bins(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take one row of every bin that has any, the bins in a drawn order; then a second of each, and so on.

    The margin is anchor - score. Rows without a score are a bin of their own.
    """
    seed, bins = selection.write.seed, selection.write.bins
    rows = kept.with_columns(bin=bin_of(selection.margin, bins).fill_null(-1))
    rows = rows.with_columns(draws(rows, seed), draws(rows, seed, stream=1).alias("_order"))
    group = ["query_id", "bin"]
    rows = rows.with_columns(_round=pl.col("draw").rank("ordinal").over(group))
    in_round = pl.col("_order").rank("ordinal").over("query_id", "_round").cast(pl.Int64)
    count = pl.len().over("query_id").cast(pl.Int64)
    return rows.with_columns(
        place=pl.col("_round").cast(pl.Int64) * (count + 1) + in_round,
        sampling_probability=1 / (pl.col("bin").n_unique().over("query_id") * pl.len().over(group)),
    ).drop("draw", "_order", "_round", "bin")


def bin_of(margin: pl.Expr, bins: int) -> pl.Expr:
    """The bin of a margin, from 0; the largest belongs to the last. Equal margins are all in bin 0."""
    low, high = margin.min().over("query_id"), margin.max().over("query_id")
    width = pl.when(high > low).then(high - low)
    place = ((margin - low) / width * bins).floor().clip(0, bins - 1)
    return pl.when(margin.is_not_null()).then(place.fill_null(0.0)).cast(pl.Int64)
