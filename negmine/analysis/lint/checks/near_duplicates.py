"""Near-duplicates among one query's texts: Jaccard similarity of word 3-grams."""

from __future__ import annotations

import numpy as np
import polars as pl

from negmine.analysis.lint.collector import D, Q
from negmine.analysis.lint.findings import Findings
from negmine.data.shingles import Sets, sets_of

MOST_POSITIVES = 64  # of a query that a negative is compared with, beside those of its own row
_STEP = 65_536  # negatives that are compared at once


def near_duplicates(
    positives: pl.DataFrame,
    negatives: pl.DataFrame,
    grams: pl.DataFrame,
    threshold: float,
    findings: Findings,
) -> None:
    """Find negatives that are nearly a positive of their query, or nearly their query."""
    grams = grams.unique([*Q, *D], keep="any").with_row_index("place")
    places, sets = grams.select(*Q, *D, "place"), sets_of(grams["shingles"])
    mine = negatives.select(*Q, *D).unique().join(places, on=[*Q, *D], how="inner")
    asked = places.filter(pl.col("da") == pl.col("qa"), pl.col("db") == pl.col("qb"))
    _near_query(mine, asked, sets, threshold, negatives, findings)
    known = (
        positives.group_by(*Q, *D)
        .agg(other=pl.col("row").min())
        .join(places, on=[*Q, *D], how="inner")
        .sort("other", "place")
        .with_columns(rank=pl.int_range(pl.len()).over(*Q))
    )
    hits = [
        _like(mine.slice(start, _STEP).join(few, on=Q, suffix="_p"), sets, threshold)
        for few in [known.filter(pl.col("rank") < MOST_POSITIVES)]
        for start in range(0, mine.height, _STEP)
    ]
    late = known.filter(pl.col("rank") >= MOST_POSITIVES)
    if late.height:
        rows = positives.join(late, on=[*Q, *D], how="inner")
        own = negatives.join(places, on=[*Q, *D], how="inner").join(
            rows, on=[*Q, "row"], suffix="_p"
        )
        hits.append(_like(own.unique(["place", "place_p"]), sets, threshold))
    if hits:
        _tell(pl.concat(hits), positives, negatives, findings)


def _like(pairs: pl.DataFrame, sets: Sets, threshold: float) -> pl.DataFrame:
    """Return the pairs that are near-duplicates and not the same: q, d, da_p, db_p, other."""
    different = (pl.col("da") != pl.col("da_p")) | (pl.col("db") != pl.col("db_p"))
    pairs = pairs.filter(different)
    near = sets.jaccard(_places(pairs["place"]), _places(pairs["place_p"])) >= threshold
    return pairs.filter(pl.Series(near)).select(*Q, *D, "da_p", "db_p", "other")


def _places(places: pl.Series) -> np.ndarray:
    return places.cast(pl.Int64).to_numpy()


def _tell(
    hits: pl.DataFrame, positives: pl.DataFrame, negatives: pl.DataFrame, findings: Findings
) -> None:
    """Tell near-duplicates of the own positive from those of another row's."""
    found = negatives.join(hits, on=[*Q, *D], how="inner")
    theirs = {"da": "da_p", "db": "db_p"}
    own = found.join(
        positives.select(*Q, "unit", *D).rename(theirs),
        on=[*Q, "unit", *theirs.values()],
        how="semi",
    )
    own = own.unique(["row", "slot"])
    other = found.join(own, on=["row", "slot"], how="anti")
    elsewhere = pl.when("loose").then("other").alias("other")
    findings.add("near_duplicate_of_positive", own.select("row", "slot", elsewhere))
    first = other.group_by("row", "slot").agg(pl.col("other").min())
    findings.add("near_duplicate_of_other_positive", first)


def _near_query(
    mine: pl.DataFrame,
    asked: pl.DataFrame,
    sets: Sets,
    threshold: float,
    negatives: pl.DataFrame,
    findings: Findings,
) -> None:
    pairs = mine.join(asked, on=Q, suffix="_p").with_columns(other=pl.lit(None, pl.Int64))
    hits = _like(pairs, sets, threshold)
    findings.add("near_duplicate_of_query", negatives.join(hits, on=[*Q, *D], how="semi"))
