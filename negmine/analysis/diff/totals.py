"""The numbers that a whole comparison comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from negmine.analysis.diff.muscle import flips, shift_rates
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
    "nfr_mc": Measure(">", "share of candidates removed in B, with another verdict than in A"),
    "pfr": Measure(">", "share of candidates removed in A and kept in B"),
    "rejected": Measure(">", "share of A's negatives that B removes with a reason"),
    "went": Measure(">", "share of A's rows that are none in B"),
    "came": Measure(">", "share of B's rows that are none in A"),
    "queries_went": Measure(">", "share of A's queries that are none in B"),
    "queries_came": Measure(">", "share of B's queries that are none in A"),
    "first_nfr": Measure(">", "share of queries: a known positive first in A, not in B"),
    "first_nfr_mc": Measure(
        ">", "share of queries: no known positive first in B, and not A's first"
    ),
    "first_pfr": Measure(">", "share of queries: a known positive first in B, not in A"),
    "rr_nfr": Measure(">", "share of queries: the best known positive fell"),
    "rr_pfr": Measure(">", "share of queries: the best known positive rose"),
    "rr_gain": Measure(">", "mean rise of its reciprocal rank where it rose"),
    "rr_regression": Measure(">", "mean fall of its reciprocal rank where it fell"),
}


def totals(queries: pl.DataFrame, queries_a: int, queries_b: int) -> Totals:
    """Return all MEASURES from a row per shared query (pairs.per_query, with `tau`); null for x / 0."""
    right = pl.col("right_a"), pl.col("right_b")
    same = pl.col("first_a") == pl.col("first_b")
    asked = queries.drop_nulls(["reciprocal_a", "reciprocal_b"])
    rr = shift_rates(pl.col("reciprocal_b") - pl.col("reciprocal_a"))
    of = {c.name: int(c.sum()) for c in queries.get_columns() if c.dtype.is_integer()}
    shared = queries.height
    found: dict[str, float | None] = {
        "jaccard": _mean(queries["jaccard"]),
        "changed": _mean((queries["jaccard"] < 1).cast(pl.Float64)),
        "tau": _mean(queries["tau"]),
        **{name: _share(of[name], of["candidates"]) for name in ("nfr", "nfr_mc", "pfr")},
        "rejected": _share(of["rejected"], of["taken_a"]),
        "went": _share(of["went"], of["shared"] + of["went"]),
        "came": _share(of["came"], of["shared"] + of["came"]),
        "queries_went": _share(queries_a - shared, queries_a),
        "queries_came": _share(queries_b - shared, queries_b),
        **_rates(
            asked, {f"first_{name}": case.mean() for name, case in flips(*right, same).items()}
        ),
        **_rates(asked, {f"rr_{name}": rate for name, rate in rr.items()}),
    }
    return {name: digits_or_none(found[name]) for name in MEASURES}


def _rates(cases: pl.DataFrame, rates: Mapping[str, pl.Expr]) -> dict[str, float | None]:
    if cases.is_empty():
        return dict.fromkeys(rates)
    return dict(cases.select(**rates).row(0, named=True))


def _mean(values: pl.Series) -> float | None:
    known = values.drop_nulls()
    return None if known.is_empty() else float(known.sum()) / len(known)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
