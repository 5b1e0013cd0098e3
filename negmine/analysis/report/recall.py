"""Recall of the known positives: whether a retriever is fit to mine with.

A teacher that does not find what is known to be relevant does not find what is nearly relevant either.
"""

from __future__ import annotations

import polars as pl

from negmine.analysis.report.about import IS_POSITIVE, About, Merge, Tables, rounded, summed
from negmine.analysis.report.origins import FUSED
from negmine.analysis.report.schema import At, Recall

FLOOR = 0.5
DEPTHS = (1, 5, 10, 20, 50, 100, 200, 500, 1000)
MERGES: dict[str, Merge] = {"recall": summed("retriever")}


def depths(k: int) -> list[int]:
    """Return the depths that a run of depth `k` can tell recall at, `k` itself last."""
    return [depth for depth in DEPTHS if depth < k] + [k]


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return per retriever the sum over queries of recall at every depth, and what was not found."""
    columns = {FUSED: "rank"} | {name: f"{name}_rank" for name in about.retrievers}
    known = rows.filter(IS_POSITIVE)
    tables = []
    for name, column in columns.items():
        rank = pl.col(column)
        at = {f"at_{k}": (rank <= k).fill_null(False).mean() for k in depths(about.depth)}
        per_query = known.group_by("query_id").agg(**at, not_found=rank.is_null().sum())
        tables.append(
            per_query.select(
                pl.lit(name).alias("retriever"),
                pl.len().cast(pl.Int64).alias("queries"),
                pl.col("not_found").sum().cast(pl.Int64),
                *(pl.col(column).sum() for column in at),
            )
        )
    return {"recall": pl.concat(tables)}


def told(held: Tables, about: About, floor: float = FLOOR) -> list[Recall]:
    """Return recall per retriever, fused last of several, and whether it reaches the floor at the end."""
    rows = {row["retriever"]: row for row in held["recall"].iter_rows(named=True)}
    found = []
    fused = [FUSED] if len(about.retrievers) > 1 else []
    for name in [*about.retrievers, *fused]:
        row = rows[name]
        at = [
            At(k=k, recall=rounded(row[f"at_{k}"] / max(row["queries"], 1)) or 0.0)
            for k in depths(about.depth)
        ]
        fit = at[-1].recall >= floor
        found.append(
            Recall(retriever=name, at=at, not_found=row["not_found"], floor=floor, fit=fit)
        )
    return found
