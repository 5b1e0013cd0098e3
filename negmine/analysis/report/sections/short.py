"""Queries with too few negatives, and why."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from negmine.analysis.report.documents import short_text
from negmine.analysis.report.sections.base import (
    IS_POSITIVE,
    About,
    Merge,
    Part,
    Section,
    Source,
    Tables,
    summed,
)
from negmine.stages.write.compute import short as short_queries

WORST = 50
TOO_FEW = "too_few_candidates"
NOT_SELECTED = "not_selected"  # enough were kept, and the selection left some out
_ORDER = ("got", "candidates", "query_id")
_TEXT = 110  # characters of a text


class Why(Part):
    """One reason for too few negatives."""

    reason: str = Field(description="a rule, too_few_candidates, or not_selected")
    queries: int = Field(description="short queries of which it took the most candidates")
    candidates: int = Field(description="candidates it took of all short queries")


class ShortQuery(Part):
    """One query with too few negatives."""

    query_id: str = Field(description="its id")
    text: str = Field(description="its text, cut")
    candidates: int = Field(description="candidates, without positives")
    got: int = Field(description="negatives")
    reasons: dict[str, int] = Field(description="rule to candidates it took, most first")


class Got(Part):
    """Queries by how many negatives they got."""

    got: int = Field(description="negatives")
    queries: int = Field(description="queries")


class Short(Part):
    """Queries with fewer negatives than asked for."""

    queries: int = Field(description="how many")
    without: int = Field(description="of those, with none")
    by_got: list[Got] = Field(description="by number of negatives, from 0")
    why: list[Why] = Field(description="most first")
    worst: list[ShortQuery] = Field(description="those with the fewest, at most 50")


def _worst(table: pl.DataFrame) -> pl.DataFrame:
    return table.sort(_ORDER, descending=[False, True, False]).head(WORST)


def _merges(about: About) -> dict[str, Merge]:
    return {"short_got": summed("got"), "short_why": summed("reason"), "short_worst": _worst}


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return short queries by what they got, by the reason that took most, and the worst.

    Queries that are left out as contaminated are not short.
    """
    rows = rows.filter(~pl.col("query_id").is_in(about.contaminated.implode()))
    short = short_queries(rows, about.selection)
    removed = (
        rows.filter(~IS_POSITIVE & pl.col("reason").is_not_null())
        .join(short, on="query_id", how="semi")
        .group_by("query_id", "reason")
        .agg(count=pl.len().cast(pl.Int64))
        .sort("query_id", "count", "reason", descending=[False, True, False])
    )
    kept = rows.group_by("query_id").agg(kept=pl.col("kept").sum())
    most = removed.group_by("query_id", maintain_order=True).first()
    both = short.join(most, on="query_id", how="left").join(kept, on="query_id", how="left")
    main = both.select(
        reason=pl.when(pl.col("candidates") < pl.col("asked"))
        .then(pl.lit(TOO_FEW))
        .when(pl.col("kept") >= pl.col("asked"))
        .then(pl.lit(NOT_SELECTED))
        .otherwise(pl.col("reason"))
    )
    why = pl.concat(
        [
            main.select("reason", queries=pl.lit(1, pl.Int64), candidates=pl.lit(0, pl.Int64)),
            removed.select("reason", queries=pl.lit(0, pl.Int64), candidates="count"),
        ]
    )
    reasons = removed.group_by("query_id", maintain_order=True).agg("reason", "count")
    return {
        "short_got": short.group_by("got").agg(queries=pl.len().cast(pl.Int64)),
        "short_why": summed("reason")(why),
        "short_worst": _worst(short.drop("asked").join(reasons, on="query_id", how="left")),
    }


def _build(source: Source) -> Short:
    """Return counts, reasons and the worst queries."""
    counts = source.counts
    whole = source.context.queries.texts(counts["short_worst"]["query_id"])
    texts = {name: short_text(text, _TEXT) for name, text in whole.items()}
    by_got = [
        Got(got=got, queries=queries)
        for got, queries in counts["short_got"].sort("got").iter_rows()
    ]
    why = counts["short_why"].sort(
        "queries", "candidates", "reason", descending=[True, True, False]
    )
    return Short(
        queries=sum(one.queries for one in by_got),
        without=sum(one.queries for one in by_got if one.got == 0),
        by_got=by_got,
        why=[Why(**row) for row in why.iter_rows(named=True)],
        worst=[
            ShortQuery(
                query_id=row["query_id"],
                text=texts[row["query_id"]],
                candidates=row["candidates"],
                got=row["got"],
                reasons=dict(zip(row["reason"] or [], row["count"] or [], strict=True)),
            )
            for row in counts["short_worst"].iter_rows(named=True)
        ],
    )


SHORT = Section(_build, of_part, _merges)
