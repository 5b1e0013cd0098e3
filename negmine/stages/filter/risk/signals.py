"""Signals: what the table knows of a candidate, in units that mean the same for every model.

A cosine of 0.7 is close for one encoder and far for another. Places in the query's own pool are not:
z-scores, distances from the anchor in standard deviations, ranks. The pool of a query is its
candidates that are no positives and that were found: what a language model wrote is compared with the pool, and
changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from negmine.config.resolved import ResolvedConfig
from negmine.data.schemas import GENERATED, POSITIVE

OF_SCORES = ("_z", "_gap", "_log_rank", "_ratio", "_difference")  # signals made of one score
LIKENESS = ("positive_similarity", "positive_similarity_mean")
OF_VECTORS = ("centroid_similarity", "owner_query_similarity")
LOG_RATIO = "_log_ratio"  # of scores that are sums
LIKENESSES = (*LIKENESS, *OF_VECTORS)  # have a _z or _ratio, and are no scores
ENDS = (*OF_SCORES, LOG_RATIO)
_QUERY = pl.col("query_id").rle_id()
_IS_POSITIVE = pl.col("label") == POSITIVE
_IS_GENERATED = pl.col("label") == GENERATED
_IN_POOL = ~(_IS_POSITIVE | _IS_GENERATED)


class Evidence(NamedTuple):
    """What signals are made of.

    scores: column prefixes of retrievers' and scorers' scores. has_vectors: vectors of documents and
    queries are there. sums: those scores that are sums over words, as BM25's: from 0, without a bound.
    """

    scores: Sequence[str]
    has_vectors: bool
    sums: Sequence[str] = ()


def evidence_of(config: ResolvedConfig) -> Evidence:
    """Return what a configuration's signals are made of."""
    sums = [one.name for one in config.retrievers if one.score_kind == "sum"]
    return Evidence(config.evidence, config.vector_retriever is not None, sums)


def names(evidence: Evidence) -> list[str]:
    """Return the names of the signals that the risk is learned from."""
    return list(_signals(evidence))


def limited(evidence: Evidence) -> list[str]:
    """Return the names of everything that --max-signal can limit: raw columns too."""
    raw = [*LIKENESS, *(OF_VECTORS if evidence.has_vectors else ())]
    return [*raw, *_raw(evidence), *names(evidence)]


def with_signals(rows: pl.DataFrame, evidence: Evidence) -> pl.DataFrame:
    """Add the signals of every row, float64; null where one cannot be told.

    rows: query_id, label, `<name>_score` of every score, and the columns of `features`; the rows of
    a query stand together.
    """
    grouped = rows.with_columns(_QUERY.alias("_query"))
    every = _raw(evidence) | _signals(evidence)
    values = {name: signal.cast(pl.Float64) for name, signal in every.items()}
    finite = [pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in values]
    return grouped.with_columns(**values).with_columns(finite).drop("_query")


def _raw(evidence: Evidence) -> dict[str, pl.Expr]:
    """In the scores' own units: for rules and people, not to learn from."""
    signals: dict[str, pl.Expr] = {}
    for name in evidence.scores:
        score = pl.col(f"{name}_score")
        anchor = _anchor(score)
        signals[f"{name}_ratio"] = pl.when(anchor > 0).then(score / anchor)
        signals[f"{name}_difference"] = score - anchor
    return signals


def _signals(evidence: Evidence) -> dict[str, pl.Expr]:
    signals: dict[str, pl.Expr] = {}
    for name in evidence.scores:
        score = pl.col(f"{name}_score")
        signals[f"{name}_z"] = _z(score)
        signals[f"{name}_gap"] = (score - _anchor(score)) / _spread(score)
        signals[f"{name}_log_rank"] = _log_rank(score)
    for name in LIKENESS:
        signals[f"{name}_z"] = _z(pl.col(name))
    if evidence.has_vectors:
        signals["centroid_similarity_z"] = _z(pl.col("centroid_similarity"))
        signals["owner_similarity"] = pl.col("owner_query_similarity").fill_null(0.0)
    for name in evidence.sums:
        score = pl.col(f"{name}_score")
        mean = score.filter(_IS_POSITIVE).mean().over("_query")
        signals[f"{name}{LOG_RATIO}"] = (score / mean).log1p()
    return signals


def _pool(value: pl.Expr) -> pl.Expr:
    return value.filter(_IN_POOL)


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
    pooled = pl.when(_IN_POOL).then(score)
    with_written = pl.when(~_IS_POSITIVE).then(score)
    own, other = (
        one.rank("average", descending=True).over("_query") for one in (pooled, with_written)
    )
    return pl.when(_IS_GENERATED).then(other).otherwise(own).log1p()
