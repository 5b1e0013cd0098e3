"""The columns `weight` and `level` of provenance: how much a negative should count, and how hard it is."""

from __future__ import annotations

import polars as pl

from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.scales import Scales, bucket_of

LEVELS = ("hard", "medium", "easy")
SOFT = 0.25  # share of the anchor: at a margin of so much, the margin weight is 0.54
MOST = 10.0  # a propensity weight has no bound of its own


def weight(selection: Selection, scales: Scales) -> pl.Expr:
    """The weight of a negative, float32; null without `--weight`, or where what it is made of is missing."""
    kinds = {
        "none": lambda: pl.lit(None, pl.Float64),
        "risk": lambda: 1 - pl.col("risk_score").cast(pl.Float64),
        "margin": lambda: by_margin(selection.margin, pl.col("positive_score").cast(pl.Float64)),
        "propensity": lambda: inverse(propensity(selection, scales)),
    }
    return kinds[selection.write.weight]().cast(pl.Float32).alias("weight")


def by_margin(margin: pl.Expr, anchor: pl.Expr) -> pl.Expr:
    """Return 2 / (1 + exp(margin / (0.25 |anchor|))), at most 1: 1 at the anchor, falling with the distance.

    More for hard pairs and less for easy ones is the idea of MADPO; the formula is negmine's own. Null where
    the anchor is 0.
    """
    scale = pl.when(anchor != 0).then(anchor.abs() * SOFT)
    return (2 / (1 + (margin / scale).exp())).clip(upper_bound=1.0)


def propensity(selection: Selection, scales: Scales) -> pl.Expr:
    """How probably annotators have seen a negative.

    The largest share of judged candidates among its retrievers, at its ranks.
    """
    shares = scales.propensities
    assert shares is not None
    by_retriever = []
    for name in selection.retrievers:
        own = dict(shares.filter(retriever=name).select("bucket", "propensity").iter_rows())
        rank = pl.col(f"{name}_rank")
        share = bucket_of(rank).replace_strict(own, default=None, return_dtype=pl.Float64)
        by_retriever.append(pl.when(rank.is_not_null()).then(share))
    return pl.max_horizontal(by_retriever)


def inverse(propensity: pl.Expr) -> pl.Expr:
    """Return 1 / (1 - propensity), at most 10.

    Source: CET (Cai et al. 2022), which weights a negative that was probably in the annotators' pool more.
    There, a second model gives the propensity; here, the share of judged candidates by retriever and rank does.
    """
    return (1 / (1 - propensity)).clip(upper_bound=MOST)


def level(selection: Selection, scales: Scales) -> pl.Expr:
    """The level of a negative by its margin: hard, medium or easy; null without a margin or without `--level`.

    Levels for a curriculum are the idea of PEG (Wu et al. 2023).
    """
    if scales.level_limits is None:
        return pl.lit(None, pl.String).alias("level")
    medium_from, easy_from = scales.level_limits
    hard, medium, easy = (pl.lit(name) for name in LEVELS)
    margin = selection.margin.cast(pl.Float32).cast(pl.Float64)  # as `level_limits` has them
    is_hard, is_medium = margin < medium_from, margin < easy_from
    name = pl.when(is_hard).then(hard).when(is_medium).then(medium).otherwise(easy)
    return pl.when(margin.is_not_null()).then(name).alias("level")
