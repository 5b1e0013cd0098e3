"""Queries with too few negatives, and why."""

from __future__ import annotations

import polars as pl

from negmine.analysis.report.about import IS_POSITIVE, About, Merge, Tables, summed
from negmine.analysis.report.schema import Got, Short, ShortQuery, Why
from negmine.stages.write.compute import short as short_queries

WORST = 50
TOO_FEW = "too_few_candidates"
_ORDER = ("got", "candidates", "query_id")


def _worst(table: pl.DataFrame) -> pl.DataFrame:
    return table.sort(_ORDER, descending=[False, True, False]).head(WORST)


MERGES: dict[str, Merge] = {
    "short_got": summed("got"),
    "short_why": summed("reason"),
    "short_worst": _worst,
}


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return short queries by what they got, by the reason that took most, and the worst."""
    short = short_queries(rows, about.write).drop("asked")
    removed = (
        rows.filter(~IS_POSITIVE & pl.col("reason").is_not_null())
        .join(short, on="query_id", how="semi")
        .group_by("query_id", "reason")
        .agg(count=pl.len().cast(pl.Int64))
        .sort("query_id", "count", "reason", descending=[False, True, False])
    )
    main = short.join(
        removed.group_by("query_id", maintain_order=True).first(), on="query_id", how="left"
    ).select(
        reason=pl.when(pl.col("candidates") < about.write.num_negatives)
        .then(pl.lit(TOO_FEW))
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
        "short_worst": _worst(short.join(reasons, on="query_id", how="left")),
    }


def told(held: Tables, texts: dict[str, str]) -> Short:
    """Return counts, reasons and the worst queries. texts: of those, cut, by query_id."""
    by_got = [
        Got(got=got, queries=queries) for got, queries in held["short_got"].sort("got").iter_rows()
    ]
    why = held["short_why"].sort("queries", "candidates", "reason", descending=[True, True, False])
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
            for row in held["short_worst"].iter_rows(named=True)
        ],
    )
