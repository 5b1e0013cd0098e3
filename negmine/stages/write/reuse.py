"""`--max-reuse`: a document is a negative of at most so many queries, of those that it fits best.

This is the college admission of Gale and Shapley (1962): queries ask for documents in the order of their
sampling, and a document keeps the queries that it fits best. The outcome that is best for the queries is
unique, so it does not depend on the order of work. It is described by *cutoffs* (Azevedo and Leshno 2016): the
fit that a document asks for at least. A round adds up what all queries would take at the present cutoffs, and
raises the cutoff of every document that too many take; it ends where there is none. Memory grows with the
documents that are asked for, never with the queries.

A pair fits better than another by the candidate's fused rank, then by the score that thresholds read, then by
the query_id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import polars as pl

FIT = ("fit_rank", "fit_score", "fit_query")
_SCHEMA = {
    "doc_id": pl.String,
    "fit_rank": pl.Int64,
    "fit_score": pl.Float64,
    "fit_query": pl.String,
}
_LAST = 2**62  # the rank of a row that has none


class Matched(NamedTuple):
    """How a limit of reuse is met.

    cutoffs: doc_id, fit_rank, fit_score, fit_query: the worst fit that each of these documents still takes. A
    document without a row takes all. rounds: how often the demand was added up.
    """

    cutoffs: pl.DataFrame
    rounds: int


def fit(rows: pl.DataFrame, score: str) -> pl.DataFrame:
    """Return doc_id and the fit of each row: fit_rank, fit_score, fit_query. score: a column prefix."""
    return rows.select(
        "doc_id",
        fit_rank=pl.col("rank").cast(pl.Int64).fill_null(_LAST),
        fit_score=pl.col(f"{score}_score").cast(pl.Float64).fill_null(float("-inf")),
        fit_query="query_id",
    )


def available(rows: pl.DataFrame, cutoffs: pl.DataFrame | None, score: str) -> pl.DataFrame:
    """Return the rows whose document their query may use. cutoffs: see `Matched`; None is no limit."""
    if cutoffs is None:
        return rows
    limits = cutoffs.rename({name: f"least_{name}" for name in FIT})
    fits = fit(rows, score).join(limits, on="doc_id", how="left", maintain_order="left")
    rank, value, query = (pl.col(name) for name in FIT)
    least_rank, least_value, least_query = (pl.col(f"least_{name}") for name in FIT)
    by_query = (value == least_value) & (query <= least_query)
    by_score = (rank == least_rank) & ((value > least_value) | by_query)
    is_available = least_query.is_null() | (rank < least_rank) | by_score
    return rows.filter(fits.select(is_available.fill_null(False)).to_series())


def matched(demands: Callable[[pl.DataFrame], Iterable[pl.DataFrame]], max_reuse: int) -> Matched:
    """Return the cutoffs at which no document serves more than `max_reuse` queries.

    demands(cutoffs): yields, part by part, `fit` of what the queries take at these cutoffs.
    """
    cutoffs, rounds = pl.DataFrame(schema=_SCHEMA), 0
    while True:
        rounds += 1
        best = pl.DataFrame(schema=_SCHEMA)
        for demand in demands(cutoffs):
            best = _best(pl.concat([best, demand]), max_reuse + 1)
        place = pl.int_range(pl.len()).over("doc_id")
        crowded = best.filter(pl.len().over("doc_id") > max_reuse)
        raised = crowded.filter(place == max_reuse - 1)
        if raised.is_empty():
            return Matched(cutoffs.sort("doc_id"), rounds)
        cutoffs = pl.concat([cutoffs.join(raised, on="doc_id", how="anti"), raised])


def _best(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    """Return the `count` best fits of every document, best first."""
    in_order = rows.sort(
        "doc_id", "fit_rank", -pl.col("fit_score"), "fit_query", maintain_order=True
    )
    return in_order.filter(pl.int_range(pl.len()).over("doc_id") < count)
