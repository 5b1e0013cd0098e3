"""`softmax`: a draw without replacement from the pool, more likely the higher the score.

Probabilities are the softmax of score / temperature over a query's pool, as in NV-Retriever (Moreira et al.
2024), which draws 4 of the 10 best. Adding a Gumbel number to each score / temperature and taking the largest
is such a draw without replacement (Kool, van Hoof and Welling 2019).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from negmine.stages.write.sampling.base import Selection, draws, in_pool


def softmax(kept: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Take the rows of the pool in the order of Gumbel-perturbed scores.

    A row without a score counts as the lowest of its query's pool.
    """
    pool = in_pool(kept, selection.write.pool)
    score = selection.deciding
    lowest = score.min().over("query_id").fill_null(0.0)
    highest = score.max().over("query_id").fill_null(0.0)
    logits = (score.fill_null(lowest) - highest) / selection.write.temperature
    pool = pool.with_columns(_logit=logits, _gumbel=_gumbel(pool, selection.write.seed))
    weights = pl.col("_logit").exp()
    return pool.with_columns(
        place=-(pl.col("_logit") + pl.col("_gumbel")),
        sampling_probability=weights / weights.sum().over("query_id"),
    ).drop("_logit", "_gumbel")


def _gumbel(pool: pl.DataFrame, seed: int) -> pl.Series:
    """Return a standard Gumbel number per row: -log(-log(u)), u of the 52 upper bits of its draw."""
    upper = (draws(pool, seed).to_numpy() >> np.uint64(12)).astype(np.float64)
    return pl.Series(-np.log(-np.log((upper + 0.5) * 2.0**-52)))
