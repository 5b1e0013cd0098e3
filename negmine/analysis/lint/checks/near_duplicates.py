"""Near-duplicates among the texts of one query: Jaccard similarity of word 3-grams."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from negmine.analysis.lint.checks.by_query import other_row
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.keys import QUERY_KEY, TEXT_KEY
from negmine.data.shingles import Sets, sets_of

MOST_POSITIVES = 64  # of a query that a negative is compared with, beside those of its own row
_STEP = 65_536  # negatives that are compared at once

_KEY = [*QUERY_KEY, *TEXT_KEY]
_POSITIVE_KEY = [f"{column}_positive" for column in TEXT_KEY]


class NearDuplicates:
    """The texts of a bucket of queries, and their sets of shingles.

    shingles: query_a, query_b, text_a, text_b, shingles; a query has its own under its own key.
    """

    def __init__(self, shingles: pl.DataFrame, threshold: float) -> None:
        distinct = shingles.unique(_KEY, keep="any").with_row_index("place")
        self._places = distinct.select(*_KEY, "place")
        self._sets: Sets = sets_of(distinct["shingles"])
        self._threshold = threshold

    def find(self, positives: pl.DataFrame, negatives: pl.DataFrame, findings: Findings) -> None:
        """Find negatives that are nearly, but not exactly, a positive of their query, or their query."""
        own = negatives.select(_KEY).unique().join(self._places, on=_KEY, how="inner")
        self._like_query(own, negatives, findings)
        hits = list(self._like_positives(own, positives, negatives))
        if hits:
            _add(pl.concat(hits), positives, negatives, findings)

    def _like_query(self, own: pl.DataFrame, negatives: pl.DataFrame, findings: Findings) -> None:
        is_query = [pl.col(t) == pl.col(q) for t, q in zip(TEXT_KEY, QUERY_KEY, strict=True)]
        queries = self._places.filter(is_query)
        pairs = own.join(queries, on=QUERY_KEY, suffix="_positive")
        hits = self._similar(pairs.with_columns(other=pl.lit(None, pl.Int64)))
        findings.add("near_duplicate_of_query", negatives.join(hits, on=_KEY, how="semi"))

    def _like_positives(
        self, own: pl.DataFrame, positives: pl.DataFrame, negatives: pl.DataFrame
    ) -> Iterator[pl.DataFrame]:
        """Yield negatives beside the positives of their query that they are like."""
        distinct = (
            positives.group_by(_KEY)
            .agg(other=pl.col("row").min())
            .join(self._places, on=_KEY, how="inner")
            .sort("other", "place")
            .with_columns(rank=pl.int_range(pl.len()).over(QUERY_KEY))
        )
        first = distinct.filter(pl.col("rank") < MOST_POSITIVES)
        for start in range(0, own.height, _STEP):
            pairs = own.slice(start, _STEP).join(first, on=QUERY_KEY, suffix="_positive")
            yield self._similar(pairs)
        rest = distinct.filter(pl.col("rank") >= MOST_POSITIVES)
        if rest.height:  # those only with the negatives of their own row
            rows = positives.join(rest, on=_KEY, how="inner")
            pairs = negatives.join(self._places, on=_KEY, how="inner").join(
                rows, on=[*QUERY_KEY, "row"], suffix="_positive"
            )
            yield self._similar(pairs.unique(["place", "place_positive"]))

    def _similar(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Return the pairs of different texts that are near-duplicates: the keys of both, and `other`."""
        differs = [pl.col(a) != pl.col(b) for a, b in zip(TEXT_KEY, _POSITIVE_KEY, strict=True)]
        pairs = pairs.filter(pl.any_horizontal(differs))
        left, right = (
            pairs[name].cast(pl.Int64).to_numpy() for name in ("place", "place_positive")
        )
        is_near = pl.Series(self._sets.jaccard(left, right) >= self._threshold)
        return pairs.filter(is_near).select(*_KEY, *_POSITIVE_KEY, "other")


def _add(
    hits: pl.DataFrame, positives: pl.DataFrame, negatives: pl.DataFrame, findings: Findings
) -> None:
    """Add near-duplicates of the own positive, and, apart from them, of another row's."""
    near = negatives.join(hits, on=_KEY, how="inner")
    key = dict(zip(TEXT_KEY, _POSITIVE_KEY, strict=True))
    own_positives = positives.select(*QUERY_KEY, "group", *TEXT_KEY).rename(key)
    own = near.join(own_positives, on=[*QUERY_KEY, "group", *_POSITIVE_KEY], how="semi")
    own = own.unique(["row", "slot"])
    findings.add("near_duplicate_of_positive", own.select("row", "slot", other_row()))
    other = near.join(own, on=["row", "slot"], how="anti").group_by("row", "slot")
    findings.add("near_duplicate_of_other_positive", other.agg(pl.col("other").min()))
