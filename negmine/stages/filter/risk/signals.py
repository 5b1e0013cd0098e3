"""Signals: what the table knows of a candidate, in units that mean the same for every model.

A cosine of 0.7 is close for one encoder and far for another. Places in the query's own pool are not:
z-scores, distances from the anchor in standard deviations, ranks. The pool of a query is its
candidates that are no positives.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from negmine.data.schemas import POSITIVE

OF_SCORES = ("_z", "_gap", "_log_rank", "_ratio", "_difference")  # signals made of one score
LIKENESS = ("positive_similarity", "positive_similarity_mean")
DENSE = ("centroid_similarity", "owner_query_similarity")
LIKENESSES = (*LIKENESS, *DENSE, "bm25_log")  # have a _z or _ratio, and are no scores
_QUERY = pl.col("query_id").rle_id()
_IS_POSITIVE = pl.col("label") == POSITIVE


def names(opinions: Sequence[str]) -> list[str]:
    """Return the names of the signals that the risk is learned from."""
    return list(_signals(opinions))


def limited(opinions: Sequence[str]) -> list[str]:
    """Return the names of everything that --max-signal can limit: raw columns too."""
    raw = [*LIKENESS, *(DENSE if "dense" in opinions else ())]
    return [*raw, *_raw(opinions), *names(opinions)]


def with_signals(rows: pl.DataFrame, opinions: Sequence[str]) -> pl.DataFrame:
    """Add the signals of every row, float64; null where one cannot be told.

    rows: query_id, label, `<opinion>_score` of every opinion, and the columns of `features`; the rows of
    a query stand together.
    """
    grouped = rows.with_columns(_QUERY.alias("_query"))
    every = _raw(opinions) | _signals(opinions)
    found = {name: signal.cast(pl.Float64) for name, signal in every.items()}
    known = [pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in found]
    return grouped.with_columns(**found).with_columns(known).drop("_query")


def _raw(opinions: Sequence[str]) -> dict[str, pl.Expr]:
    """In the scores' own units: for rules and people, not to learn from."""
    found: dict[str, pl.Expr] = {}
    for name in opinions:
        score = pl.col(f"{name}_score")
        anchor = _anchor(score)
        found[f"{name}_ratio"] = pl.when(anchor > 0).then(score / anchor)
        found[f"{name}_difference"] = score - anchor
    return found


def _signals(opinions: Sequence[str]) -> dict[str, pl.Expr]:
    found: dict[str, pl.Expr] = {}
    for name in opinions:
        score = pl.col(f"{name}_score")
        found[f"{name}_z"] = _z(score)
        found[f"{name}_gap"] = (score - _anchor(score)) / _spread(score)
        found[f"{name}_log_rank"] = _log_rank(score)
    for name in LIKENESS:
        found[f"{name}_z"] = _z(pl.col(name))
    if "dense" in opinions:
        found["centroid_similarity_z"] = _z(pl.col("centroid_similarity"))
        found["owner_similarity"] = pl.col("owner_query_similarity").fill_null(0.0)
    if "bm25" in opinions:
        bm25 = pl.col("bm25_score")
        found["bm25_log_ratio"] = (bm25 / bm25.filter(_IS_POSITIVE).mean().over("_query")).log1p()
    return found


def _pool(value: pl.Expr) -> pl.Expr:
    return value.filter(~_IS_POSITIVE)


def _z(value: pl.Expr) -> pl.Expr:
    """(x - mean) / standard deviation, both of the query's pool."""
    return (value - _pool(value).mean().over("_query")) / _spread(value)


def _spread(value: pl.Expr) -> pl.Expr:
    spread = _pool(value).std(ddof=0).over("_query")
    return pl.when(spread > 0).then(spread)


def _anchor(value: pl.Expr) -> pl.Expr:
    return value.filter(_IS_POSITIVE).min().over("_query")


def _log_rank(score: pl.Expr) -> pl.Expr:
    """ln(1 + rank in the query's pool by this score), ties sharing their mean rank."""
    pooled = pl.when(~_IS_POSITIVE).then(score)
    return pooled.rank("average", descending=True).over("_query").log1p()
