"""`cyclic`: every `step`-th candidate, then every `step`-th of those that are left.

Source: UniME-V2 (Gu et al. 2025), "cyclical sampling with five-step intervals"; the paper says no more. Here:
the places 0, 5, 10 ... of a query's kept candidates, then 1, 6, 11 ..., and so on.
"""

from __future__ import annotations

import polars as pl

from negmine.stages.write.sampling.base import Selection, certain


def cyclic(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take the rows of each residue of `turn` by `step`, one residue after the other."""
    step, turn = selection.write.step, pl.col("turn")
    rows = pl.len().over("query_id")
    return kept.with_columns(certain(), place=(turn % step) * rows + turn // step)
