"""Rules that compare the deciding score (`--score`) with a limit.

The anchor (`positive_score`) is the query's lowest positive score, or what `anchor` says. Arithmetic is float32
and comparisons are strict, as in sentence-transformers: a score that equals a limit is kept.
"""

from __future__ import annotations

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.data.schemas import POSITIVE
from negmine.stages.filter.rules.rule import ANCHOR, PERCENTILE, SCORE, Rule, float32, score_of

OUTLIERS_FROM = 8  # scored candidates of a query


def anchor(settings: FilterSettings) -> pl.Expr:
    """The score that margins of a query are measured from; null without the score of a positive.

    The minimum is the choice of sentence-transformers. A quantile is interpolated linearly between the sorted
    scores, as NumPy does by default.
    """
    scores = score_of(settings).filter(pl.col("label") == POSITIVE)
    if isinstance(settings.anchor, str):
        value = {"min": scores.min(), "mean": scores.mean(), "max": scores.max()}[settings.anchor]
    else:
        value = scores.quantile(settings.anchor, "linear")
    return value.over("query_id").cast(pl.Float32)


def above_max_score(settings: FilterSettings) -> pl.Expr | None:
    """The score is above `max_score`."""
    if settings.max_score is None:
        return None
    return score_of(settings) > float32(settings.max_score)


def below_min_score(settings: FilterSettings) -> pl.Expr | None:
    """The score is below `min_score`."""
    if settings.min_score is None:
        return None
    return score_of(settings) < float32(settings.min_score)


def too_close_to_positive(settings: FilterSettings) -> pl.Expr | None:
    """The score is within the absolute or the relative margin of the anchor, or above the anchor.

    Absolute: score + m > anchor. Relative: score > anchor - |anchor| * m. The absolute value keeps the
    limit below the anchor when scores are negative (sentence-transformers issue 3819). With `strong_rank`, only
    for queries whose anchor ranks deeper than that: 1 + the candidates that score above it.

    Source: TopK-PercPos of NV-Retriever (Moreira et al. 2024), where 95 % is m = 0.05.
    """
    score, anchor = score_of(settings), pl.col("positive_score")
    fires = []
    if settings.absolute_margin is not None:
        fires.append(score + float32(settings.absolute_margin) > anchor)
    if settings.relative_margin is not None:
        margin = float(settings.relative_margin)  # limits/compute.py has made a number of `auto`
        fires.append(score > anchor - anchor.abs() * float32(margin))
    if not fires:
        return None
    is_close = pl.any_horizontal(fires)
    if settings.strong_rank is None:
        return is_close
    above = ((pl.col("label") != POSITIVE) & (score > anchor)).sum().over("query_id")
    return is_close & (above + 1 > settings.strong_rank)


def above_percentile(settings: FilterSettings) -> pl.Expr | None:
    """The score is above a percentile of the scores of all known positives (`max_percentile`).

    limits/compute.py turns the percentile into the column `percentile_limit`.

    Source: jansowa/mine-hard-negatives, with the distribution of positives' cross-encoder scores.
    """
    if settings.max_percentile is None:
        return None
    return score_of(settings) > pl.col("percentile_limit")


def above_positive(settings: FilterSettings) -> pl.Expr | None:
    """The score is above the anchor plus an allowance: score > anchor + `above_positive`.

    Source: UniME (Gu et al. 2025), with an allowance of 0.1.
    """
    if settings.above_positive is None:
        return None
    return score_of(settings) > pl.col("positive_score") + float32(settings.above_positive)


def score_outlier(settings: FilterSettings) -> pl.Expr | None:
    """The score is above the upper whisker of the query's candidates: score > Q3 + `iqr` * (Q3 - Q1).

    Q1 and Q3 are the elements int(l / 4) and int(3 l / 4) of the l sorted scores, without the positives.
    A query with fewer than 8 scored candidates has no outliers.

    Source: UNPG (Jung et al. 2022).
    """
    if settings.iqr is None:
        return None
    score = score_of(settings)
    pool = score.filter(pl.col("label") != POSITIVE).drop_nulls().sort()
    lower = pool.get(pool.len() // 4, null_on_oob=True)
    upper = pool.get(pool.len() * 3 // 4, null_on_oob=True)
    whisker = pl.when(pool.len() >= OUTLIERS_FROM).then(
        upper + float32(settings.iqr) * (upper - lower)
    )
    return score > whisker.over("query_id")


RULES = (
    Rule(
        "above_max_score",
        ("max_score",),
        above_max_score,
        needs=(SCORE,),
        sweepable={"max_score": "lower"},
        lines=("max_score",),
        suspects=True,
    ),
    Rule(
        "below_min_score",
        ("min_score",),
        below_min_score,
        needs=(SCORE,),
        sweepable={"min_score": "higher"},
        lines=("min_score",),
    ),
    Rule(
        "too_close_to_positive",
        ("relative_margin", "no_relative_margin", "absolute_margin", "strong_rank"),
        too_close_to_positive,
        needs=(SCORE, ANCHOR),
        sweepable={"relative_margin": "higher", "absolute_margin": "higher"},
        suspects=True,
    ),
    Rule(
        "above_percentile",
        ("max_percentile",),
        above_percentile,
        needs=(SCORE, PERCENTILE),
        suspects=True,
    ),
    Rule(
        "above_positive",
        ("above_positive",),
        above_positive,
        needs=(SCORE, ANCHOR),
        sweepable={"above_positive": "lower"},
        suspects=True,
    ),
    Rule(
        "score_outlier",
        ("iqr",),
        score_outlier,
        needs=(SCORE,),
        sweepable={"iqr": "lower"},
        suspects=True,
    ),
)
