"""A comparison, added up some queries at a time: counts, shifts, and a few numbers per query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from negmine.analysis.diff import pairs
from negmine.analysis.diff.shifts import Shift, digits_or_none
from negmine.analysis.diff.totals import Totals, totals

FUSED, ANCHOR, MARGIN, DECIDING = "fused rank", "anchor", "margin", "deciding"
_MOST = ["query_id", "jaccard", "tau", "flips", "shared", "went", "came"]
_SPREAD = {"p5": 0.05, "median": 0.5, "p95": 0.95}


class Tally:
    """The comparison of the queries that were added so far.

    scorers: names that both runs have scores of. deciding: whose score decides, in A and in B. limit: how
    many of the queries that changed most are kept.
    """

    def __init__(self, scorers: Sequence[str], deciding: tuple[str, str], limit: int) -> None:
        self._limit = limit
        self._deciding = deciding
        self._columns = {**{name: f"{name}_score" for name in scorers}, FUSED: "rank"}
        self.shifts = {name: Shift() for name in (*self._columns, ANCHOR, MARGIN)}
        self._queries: list[pl.DataFrame] = []
        self._taus: list[pl.DataFrame] = []
        self._most: list[pl.DataFrame] = []
        self._moves: dict[str, list[pl.DataFrame]] = {"verdict": [], "label": [], "fate": []}

    @property
    def _sources(self) -> dict[str, tuple[str, str]]:
        """The rank correlations by name: the column of A and that of B. The deciding scores come first."""
        columns = {name: (column, column) for name, column in self._columns.items()}
        a, b = self._deciding
        first = {a if a == b else f"{a} -> {b}": (DECIDING, DECIDING)}
        return first | {name: both for name, both in columns.items() if name not in first}

    def add(self, rows: pl.DataFrame) -> None:
        """Add all rows of some queries (pairs.paired)."""
        taus = [pairs.rank_correlation(rows, *both) for both in self._sources.values()]
        for name, by_query in zip(self._sources, taus, strict=True):
            self._taus.append(by_query.drop_nulls().select("tau", source=pl.lit(name)))
        queries = pairs.per_query(rows).join(taus[0], on="query_id", how="left")
        shared = rows.filter(pl.col("in_a") & pl.col("in_b"))
        for name, column in self._columns.items():
            self.shifts[name].add(shared[f"{column}_a"], shared[f"{column}_b"])
        for name in (ANCHOR, MARGIN):
            self.shifts[name].add(queries[f"{name}_a"], queries[f"{name}_b"])
        for column in ("verdict", "label"):
            self._moves[column].append(pairs.moves(rows, column))
        self._moves["fate"].append(pairs.fates(rows))
        self._queries.append(queries.drop("anchor_a", "anchor_b", "margin_a", "margin_b"))
        most = most_changed(queries, self._limit)
        self._most.append(most.join(pairs.exchanged(rows, most["query_id"]), on="query_id"))
        if len(self._most) > 1:
            self._most = [most_changed(pl.concat(self._most), self._limit)]

    @property
    def queries(self) -> pl.DataFrame:
        """A row per shared query, by query_id: pairs.per_query, with `tau`."""
        return pl.concat(self._queries).sort("query_id")

    def totals(self, queries_a: int) -> Totals:
        """Return the totals of all queries (see totals.MEASURES). queries_a: how many queries A has."""
        return totals(self.queries, queries_a)

    def moves(self, column: str) -> list[dict[str, Any]]:
        """Return how many shared rows changed from one `verdict` or `label` to another, most first."""
        rows = pl.concat(self._moves[column]).group_by("from", "to").agg(pl.col("rows").sum())
        moved = rows.filter(pl.col("from") != pl.col("to"))
        return moved.sort("rows", "from", "to", descending=[True, False, False]).to_dicts()

    def fates(self) -> list[dict[str, Any]]:
        """Return what became of A's negatives in B and of B's in A, most first."""
        rows = pl.concat(self._moves["fate"]).group_by("fate", "side").agg(pl.col("rows").sum())
        counts = (
            pl.col("rows").filter(side=side).sum().alias(side) for side in ("a_in_b", "b_in_a")
        )
        table = rows.group_by("fate").agg(*counts)
        return table.sort(-pl.sum_horizontal("a_in_b", "b_in_a").cast(pl.Int64), "fate").to_dicts()

    def ranks(self) -> list[dict[str, Any]]:
        """Return Kendall's tau-b of every source over queries: queries, mean, p5, median, p95."""
        rows = pl.concat(self._taus)
        return [
            {"source": name, **_summary(rows.filter(source=name)["tau"].sort())}
            for name in self._sources
        ]

    def most_changed(self, texts: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the queries that changed most, with their texts and the negatives that went and came."""
        if not self._most:
            return []
        rows = most_changed(pl.concat(self._most), self._limit).to_dicts()
        return [
            {
                **row,
                "jaccard": digits_or_none(row["jaccard"]),
                "tau": digits_or_none(row["tau"]),
                "text": texts.get(row["query_id"]),
            }
            for row in rows
        ]


def _summary(taus: pl.Series) -> dict[str, Any]:
    """Return queries, mean, p5, median, p95 of sorted values; null where there are none."""
    if taus.is_empty():
        return {"queries": 0, "mean": None, **dict.fromkeys(_SPREAD)}
    spread = {n: digits_or_none(taus.quantile(share, "linear")) for n, share in _SPREAD.items()}
    mean = digits_or_none(float(taus.sum()) / len(taus))
    return {"queries": len(taus), "mean": mean, **spread}


def most_changed(queries: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Return the `limit` queries that changed most: lowest Jaccard, most flips a shared row, lowest tau."""
    changed = (pl.col("jaccard") < 1) | (pl.sum_horizontal("flips", "went", "came") > 0)
    share = pl.col("flips") / pl.max_horizontal("shared", pl.lit(1))
    rows = queries.filter(changed).sort("jaccard", -share, "tau", "query_id", nulls_last=True)
    lists = [name for name in ("negatives_went", "negatives_came") if name in queries.columns]
    return rows.head(limit).select(*_MOST, *lists)
