"""Where candidates and negatives come from: which retrievers found them, and at which ranks."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from negmine.analysis.report.sections.base import (
    COUNTS,
    FUSED,
    IS_POSITIVE,
    About,
    Part,
    Section,
    Source,
    Tables,
    of_candidates,
    summed,
)
from negmine.stages.filter.leak.counts import BUCKETS, bucket_name

_NOT_FOUND = len(BUCKETS) + 1


class Overlap(Part):
    """Candidates that exactly these retrievers found."""

    retrievers: list[str] = Field(description="who; empty: nobody (a positive that was not found)")
    positives: int = Field(description="known positives among them")
    candidates: int = Field(description="others")
    kept: int = Field(description="of those, kept")
    written: int = Field(description="of those, in the training file")


class Ranks(Part):
    """Candidates by rank."""

    by: str = Field(description="fused (of several retrievers), or a retriever")
    ranks: str = Field(description="as 6-10, over 100, or not found")
    candidates: int = Field(description="candidates, without positives")
    kept: int = Field(description="of those, kept")
    written: int = Field(description="of those, in the training file")


def _overlap_of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return counts by who found a row: bit n stands for retriever n."""
    bits = [
        pl.col(f"{name}_rank").is_not_null().cast(pl.Int64) * 2**place
        for place, name in enumerate(about.retrievers)
    ]
    overlap = rows.group_by(found_by=pl.sum_horizontal(bits)).agg(
        IS_POSITIVE.sum().cast(pl.Int64).alias("positives"), *of_candidates()
    )
    return {"overlap": overlap}


def _ranks_of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return counts by rank bucket of each retriever."""
    columns = {FUSED: "rank"} | {name: f"{name}_rank" for name in about.retrievers}
    ranks = [
        rows.group_by(by=pl.lit(name), bucket=_bucket(pl.col(column))).agg(of_candidates())
        for name, column in columns.items()
    ]
    return {"ranks": pl.concat(ranks)}


def _bucket(rank: pl.Expr) -> pl.Expr:
    over = pl.sum_horizontal([(rank > end).cast(pl.Int64) for end in BUCKETS])
    return pl.when(rank.is_null()).then(_NOT_FOUND).otherwise(over).cast(pl.Int64)


def _overlap(source: Source) -> list[Overlap]:
    """Return the groups, the largest first."""
    about = source.about
    rows = source.counts["overlap"].sort("candidates", "found_by", descending=[True, False])
    return [
        Overlap(
            retrievers=[
                n for place, n in enumerate(about.retrievers) if row["found_by"] >> place & 1
            ],
            **{name: row[name] for name in ("positives", *COUNTS)},
        )
        for row in rows.iter_rows(named=True)
    ]


def _ranks(source: Source) -> list[Ranks]:
    """Return counts by retriever and rank bucket, in order; empty buckets are left out.

    Of one retriever the fused list is its own, and left out.
    """
    about = source.about
    order = {name: place for place, name in enumerate([FUSED, *about.retrievers])}
    rows = sorted(
        source.counts["ranks"].iter_rows(named=True), key=lambda r: (order[r["by"]], r["bucket"])
    )
    return [
        Ranks(
            by=row["by"],
            ranks="not found" if row["bucket"] == _NOT_FOUND else bucket_name(row["bucket"]),
            **{name: row[name] for name in COUNTS},
        )
        for row in rows
        if row["candidates"] and (row["by"] != FUSED or len(about.retrievers) > 1)
    ]


OVERLAP = Section(_overlap, _overlap_of_part, lambda about: {"overlap": summed("found_by")})
RANKS = Section(_ranks, _ranks_of_part, lambda about: {"ranks": summed("by", "bucket")})
