"""Recall of the known positives: whether a retriever is fit to mine with.

A teacher that does not find what is known to be relevant does not find what is nearly relevant either.
"""

from __future__ import annotations

import polars as pl
from pydantic import Field

from negmine.analysis.report.sections.base import (
    FUSED,
    IS_POSITIVE,
    About,
    Part,
    Section,
    Source,
    Tables,
    rounded,
    summed,
)

FLOOR = 0.5
DEPTHS = (1, 5, 10, 20, 50, 100, 200, 500, 1000)


class At(Part):
    """Recall at one depth."""

    k: int = Field(description="depth")
    recall: float = Field(
        description="share of a query's known positives at ranks up to k, mean over queries"
    )


class Recall(Part):
    """How well a retriever finds what is known to be relevant, and so whether it is fit to mine with."""

    retriever: str = Field(description="its name; last, of several, fused")
    at: list[At] = Field(description="by depth")
    not_found: int = Field(description="known positives that it did not find at all")
    floor: float = Field(description="recall at the last depth of `at` below which it is not fit")
    fit: bool = Field(description="whether it reaches the floor")


def depths(k: int) -> list[int]:
    """Return the depths that a run of depth `k` can tell recall at, `k` itself last."""
    return [depth for depth in DEPTHS if depth < k] + [k]


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return per retriever the sum over queries of recall at every depth, and what was not found."""
    columns = {FUSED: "rank"} | {name: f"{name}_rank" for name in about.retrievers}
    positives = rows.filter(IS_POSITIVE)
    tables = []
    for name, column in columns.items():
        rank = pl.col(column)
        at = {f"at_{k}": (rank <= k).fill_null(False).mean() for k in depths(about.depth)}
        per_query = positives.group_by("query_id").agg(**at, not_found=rank.is_null().sum())
        tables.append(
            per_query.select(
                pl.lit(name).alias("retriever"),
                pl.len().cast(pl.Int64).alias("queries"),
                pl.col("not_found").sum().cast(pl.Int64),
                *(pl.col(column).sum() for column in at),
            )
        )
    return {"recall": pl.concat(tables)}


def _build(source: Source) -> list[Recall]:
    """Return recall per retriever, fused last of several, and whether it reaches the floor at the end."""
    about = source.about
    rows = {row["retriever"]: row for row in source.counts["recall"].iter_rows(named=True)}
    recalls = []
    fused = [FUSED] if len(about.retrievers) > 1 else []
    for name in [*about.retrievers, *fused]:
        row = rows[name]
        at = [
            At(k=k, recall=rounded(row[f"at_{k}"] / max(row["queries"], 1)) or 0.0)
            for k in depths(about.depth)
        ]
        fit = at[-1].recall >= about.floor
        recalls.append(
            Recall(retriever=name, at=at, not_found=row["not_found"], floor=about.floor, fit=fit)
        )
    return recalls


RECALL = Section(_build, of_part, lambda about: {"recall": summed("retriever")})
