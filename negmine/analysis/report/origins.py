"""Where candidates and negatives come from: which retrievers found them, and at which ranks."""

from __future__ import annotations

import polars as pl

from negmine.analysis.report.about import (
    COUNTS,
    IS_POSITIVE,
    About,
    Merge,
    Tables,
    of_candidates,
    summed,
)
from negmine.analysis.report.schema import Overlap, Ranks
from negmine.stages.filter.leak.counts import BUCKETS, bucket_name

FUSED = "fused"
_NOT_FOUND = len(BUCKETS) + 1
MERGES: dict[str, Merge] = {"overlap": summed("found_by"), "ranks": summed("by", "bucket")}


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return counts by who found a row (bit n: retriever n), and by rank bucket of each retriever."""
    bits = [
        pl.col(f"{name}_rank").is_not_null().cast(pl.Int64) * 2**place
        for place, name in enumerate(about.retrievers)
    ]
    overlap = rows.group_by(found_by=pl.sum_horizontal(bits)).agg(
        IS_POSITIVE.sum().cast(pl.Int64).alias("positives"), *of_candidates()
    )
    columns = {FUSED: "rank"} | {name: f"{name}_rank" for name in about.retrievers}
    ranks = [
        rows.group_by(by=pl.lit(name), bucket=_bucket(pl.col(column))).agg(of_candidates())
        for name, column in columns.items()
    ]
    return {"overlap": overlap, "ranks": pl.concat(ranks)}


def _bucket(rank: pl.Expr) -> pl.Expr:
    over = pl.sum_horizontal([(rank > end).cast(pl.Int64) for end in BUCKETS])
    return pl.when(rank.is_null()).then(_NOT_FOUND).otherwise(over).cast(pl.Int64)


def overlap(held: Tables, about: About) -> list[Overlap]:
    """Return the groups, the largest first."""
    rows = held["overlap"].sort("candidates", "found_by", descending=[True, False])
    return [
        Overlap(
            retrievers=[
                n for place, n in enumerate(about.retrievers) if row["found_by"] >> place & 1
            ],
            **{name: row[name] for name in ("positives", *COUNTS)},
        )
        for row in rows.iter_rows(named=True)
    ]


def ranks(held: Tables, about: About) -> list[Ranks]:
    """Return counts by retriever and rank bucket, in order; empty buckets are left out.

    Of one retriever the fused list is its own, and left out.
    """
    order = {name: place for place, name in enumerate([FUSED, *about.retrievers])}
    rows = sorted(held["ranks"].iter_rows(named=True), key=lambda r: (order[r["by"]], r["bucket"]))
    return [
        Ranks(
            by=row["by"],
            ranks="not found" if row["bucket"] == _NOT_FOUND else bucket_name(row["bucket"]),
            **{name: row[name] for name in COUNTS},
        )
        for row in rows
        if row["candidates"] and (row["by"] != FUSED or len(about.retrievers) > 1)
    ]
