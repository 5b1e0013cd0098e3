"""Hubs: negatives that serve very many queries (Radovanovic, Nanopoulos and Ivanovic 2010)."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import polars as pl

from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.keys import QUERY_KEY, TEXT_KEY
from negmine.analysis.lint.occurrences import NEGATIVE

LEAST_QUERIES = 10  # that a hub serves at least
DEVIATIONS = 2.0
_LARGEST = 5  # hubs whose queries are in the statistics


class Hubs:
    """Counts how many queries every negative serves, and finds those that serve very many."""

    def __init__(self, least_queries: float) -> None:
        self._least = least_queries
        self._negatives = self._sum = self._squares = 0
        self._candidates: list[pl.DataFrame] = []

    def take(self, documents: pl.DataFrame) -> None:
        """Take in a bucket of documents: text_a, text_b, query_a, query_b, role."""
        negatives = documents.filter(pl.col("role") == NEGATIVE)
        distinct = negatives.select(*TEXT_KEY, *QUERY_KEY).unique()
        uses = distinct.group_by(TEXT_KEY).agg(queries=pl.len().cast(pl.Int64))
        self._negatives += uses.height
        self._sum += int(uses["queries"].sum())
        self._squares += int((uses["queries"] ** 2).sum())
        self._candidates.append(uses.filter(pl.col("queries") >= self._least))

    def find(self, findings: Findings, documents: Iterator[list[pl.DataFrame | None]]) -> None:
        """Find the slots that hubs fill. documents: all buckets, once more."""
        if not self._negatives:
            return
        mean = self._sum / self._negatives
        limit = mean + DEVIATIONS * sqrt(max(self._squares / self._negatives - mean**2, 0.0))
        hubs = pl.concat(self._candidates).filter(pl.col("queries") > limit)
        hubs = hubs.sort("queries", descending=True)
        for (rows,) in documents if hubs.height else ():
            if rows is not None:
                negatives = rows.filter(pl.col("role") == NEGATIVE)
                findings.add("hub_negative", negatives.join(hubs, on=TEXT_KEY, how="semi"))
        findings.statistics["hub_negative"] = {
            "hubs": hubs.height,
            "distinct_negatives": self._negatives,
            "mean_queries": round(mean, 3),
            "limit_queries": round(max(self._least, limit), 3),
            "largest": hubs["queries"].head(_LARGEST).to_list(),
        }
