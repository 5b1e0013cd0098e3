"""Which queries a person should look at: some drawn at random, and the worst by what could be wrong."""

from __future__ import annotations

import polars as pl

from negmine.analysis.report.about import IS_POSITIVE, About, Merge, Tables
from negmine.data.hashing import name_hashes
from negmine.stages.write.compute import short as short_queries

RANDOM, EACH = 40, 5  # random queries without --sample, and of every kind of worst case
KINDS = ("random", "closest", "riskiest", "short", "missed")
_NOT_FOUND = 1e9  # as a rank
_ORDER = ("key", "draw", "query_id")


def _first(table: pl.DataFrame, counts: dict[str, int]) -> pl.DataFrame:
    ordered = table.sort("kind", *_ORDER)
    place = pl.int_range(pl.len()).over("kind")
    limit = pl.col("kind").replace_strict(counts, return_dtype=pl.Int64)
    return ordered.filter(place < limit)


def merges(random: int) -> dict[str, Merge]:
    """Return the merge that keeps the first of every kind, so many of the random ones."""
    counts = dict.fromkeys(KINDS, EACH) | {"random": random}
    return {"sample": lambda tables: _first(tables, counts)}


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return the queries of a part by kind, with the key by which the first are taken."""
    written = rows.filter("written")
    score = pl.col(f"{about.deciding}_score").cast(pl.Float64)
    kinds = {
        "random": rows.select("query_id", key=pl.lit(0.0)).unique(),
        "closest": _lowest(written, pl.col("positive_score").cast(pl.Float64) - score),
        "short": short_queries(rows, about.write).select(
            "query_id", key=pl.col("got").cast(pl.Float64)
        ),
        "missed": _lowest(
            rows.filter(
                IS_POSITIVE & ~(pl.col("rank") <= about.write.num_negatives).fill_null(False)
            ),
            -pl.col("rank").cast(pl.Float64).fill_null(_NOT_FOUND),
        ),
    }
    if "risk" in about.ranges:
        kinds["riskiest"] = _lowest(written, -pl.col("risk_score").cast(pl.Float64))
    table = pl.concat(
        [keys.select("query_id", "key", kind=pl.lit(kind)) for kind, keys in kinds.items()]
    )
    drawn = table.with_columns(draw=name_hashes(table["query_id"], about.seed))
    return {"sample": merges(about.random)["sample"](drawn)}


def _lowest(rows: pl.DataFrame, key: pl.Expr) -> pl.DataFrame:
    """Return every query's lowest key; those without one are left out."""
    return rows.group_by("query_id").agg(key=key.min()).drop_nulls("key")


def chosen(held: Tables) -> dict[str, list[str]]:
    """Return query_id to the kinds it was taken for: random ones first, each query once."""
    found: dict[str, list[str]] = {}
    for kind in KINDS:
        for query in held["sample"].filter(kind=kind).sort(*_ORDER)["query_id"]:
            found.setdefault(query, []).append(kind)
    return found
