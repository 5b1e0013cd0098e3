"""The totals of a comparison: the numbers that `--fail-on` can limit."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from negmine.analysis.diff.shifts import digits_or_none

Totals = dict[str, float | None]


class Measure(NamedTuple):
    """What a total is, and on which side of a limit it is bad."""

    bad: str  # ">" or "<"
    text: str


MEASURES: dict[str, Measure] = {
    "jaccard": Measure("<", "mean over queries: negatives of both / negatives of either"),
    "changed": Measure(">", "share of queries whose negatives are not the same"),
    "tau": Measure("<", "mean over queries: Kendall's tau-b of the deciding scores"),
    "nfr": Measure(">", "share of candidates kept in A and removed in B"),
    "pfr": Measure(">", "share of candidates removed in A and kept in B"),
    "rejected": Measure(">", "share of A's negatives that B removes with a reason"),
    "queries_went": Measure(">", "share of A's queries that are not in B"),
    "first_nfr": Measure(">", "share of queries: a known positive is first in A, not in B"),
    "first_pfr": Measure(">", "share of queries: a known positive is first in B, not in A"),
}


def totals(queries: pl.DataFrame, queries_a: int) -> Totals:
    """Return all MEASURES; null where the denominator is 0.

    queries: a row per shared query (pairs.per_query, with `tau`). queries_a: how many queries A has. nfr and
    pfr are the negative and positive flip rates of MUSCLE (Echterhoff et al. 2024): mean[A right and B
    wrong] and mean[A wrong and B right]. Over candidates, "kept" is right; over queries, the highest
    deciding score on a known positive is.
    """
    scored = queries.filter(pl.col("scored_a") & pl.col("scored_b"))
    right_a, right_b = scored["right_a"], scored["right_b"]
    sums = {c.name: int(c.sum()) for c in queries.get_columns() if c.dtype.is_integer()}
    values: Totals = {
        "jaccard": _mean(queries["jaccard"]),
        "changed": _mean(queries["jaccard"] < 1),
        "tau": _mean(queries["tau"]),
        "nfr": _share(sums["nfr"], sums["candidates"]),
        "pfr": _share(sums["pfr"], sums["candidates"]),
        "rejected": _share(sums["rejected"], sums["taken_a"]),
        "queries_went": _share(queries_a - queries.height, queries_a),
        "first_nfr": _mean(right_a & ~right_b),
        "first_pfr": _mean(~right_a & right_b),
    }
    return {name: digits_or_none(values[name]) for name in MEASURES}


def _mean(values: pl.Series) -> float | None:
    valid = values.drop_nulls()
    return None if valid.is_empty() else float(valid.sum()) / len(valid)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
