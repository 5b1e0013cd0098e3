"""`band`: candidates between two ranks, or between two distances below the anchor."""

from __future__ import annotations

import polars as pl

from negmine.config.sampling import band_of
from negmine.stages.write.sampling.base import Selection, certain


def band(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take the rows inside the band, best first.

    rank: the fused rank of `candidates`. z: (anchor - score) / standard deviation of the scores of the query's
    kept candidates. Both ends belong to the band. Where all these scores are equal, none is inside.
    """
    by, low, high = band_of(selection.write.band)
    if by == "rank":
        value = pl.col("rank").cast(pl.Float64)
    else:
        spread = selection.deciding.std(ddof=0).over("query_id")
        value = selection.margin / pl.when(spread > 0).then(spread)
    return kept.with_columns(
        certain(), place=pl.when(value.is_between(low, high)).then(pl.col("turn"))
    )
