"""Limits that depend on the data: what `auto` and percentiles come to, from the positives' own scores.

Score ranges differ between models, so a margin that keeps most candidates of one model keeps few of
another. A percentile of the known positives' scores means the same for all.
"""

from __future__ import annotations

import polars as pl

from negmine.config.settings import FilterSettings

AUTO = "auto"
MEDIAN, BELOW = 0.5, 0.4  # quantiles of the positives' scores whose distance is the margin `auto`


def needed(rules: FilterSettings) -> bool:
    """Tell whether a limit of these rules depends on the data."""
    percentile = rules.max_percentile is not None
    return percentile or rules.relative_margin == AUTO or rules.max_leak is not None


def of_positives(rules: FilterSettings, scores: pl.Series) -> dict[str, float]:
    """Return what the rules come to: `relative_margin` for auto, `percentile_limit` for a percentile.

    scores: of all known positives by `rules.score`. auto = (median - 40th percentile) / |median|: ten
    percentile points of the positives' scores, as a relative margin.
    """
    present = scores.drop_nulls()
    limits: dict[str, float] = {}
    if rules.relative_margin == AUTO:
        median, below = (float(present.quantile(q, "linear") or 0.0) for q in (MEDIAN, BELOW))
        limits["relative_margin"] = (median - below) / abs(median) if median else 0.0
    if rules.max_percentile is not None:
        limit = present.quantile(rules.max_percentile / 100, "linear")
        limits["percentile_limit"] = float("-inf") if limit is None else limit
    return limits


def applied(rules: FilterSettings, limits: dict[str, float]) -> FilterSettings:
    """Return the rules with numbers in place of words. `percentile_limit` is a column instead."""
    return rules.model_copy(update={k: v for k, v in limits.items() if k != "percentile_limit"})


def percentile_column(limits: dict[str, float]) -> pl.Expr:
    """The column `percentile_limit` that the rule reads; null where no percentile was asked for."""
    return pl.lit(limits.get("percentile_limit"), pl.Float32).alias("percentile_limit")
