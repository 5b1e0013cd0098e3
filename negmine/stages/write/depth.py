"""How deep in the retrievers' lists the written negatives lie: those far down are probably too easy."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from negmine.data.schemas import GENERATED, RANDOM, UNLABELED

DEEP = 50  # ranks of a retriever
EASY = 0.5  # share of deep negatives above which there is a warning


def best_rank(retrievers: Sequence[str]) -> pl.Expr:
    """The best rank that a retriever gives a row."""
    return pl.min_horizontal(f"{name}_rank" for name in retrievers)


def count_deep(
    rows: pl.LazyFrame, retrievers: Sequence[str], random_negatives: int = 0
) -> dict[str, int]:
    """Return `negatives` (pairs with a query, each once, without judged and random ones) and, of these, `deep`.

    deep: no retriever ranks the negative among a query's first 50. rows: of provenance. Where random negatives
    are asked for, `random_short` is how many of the queries have fewer. Where a language model wrote documents,
    `generated` is how many pairs have one of them, and `generated_for_others`, where they are shared, how many
    have one that was written for another query.
    """
    ranks = [f"{name}_rank" for name in retrievers]
    schema = rows.collect_schema()
    about = [name for name in ("origin", "written_for") if name in schema]
    columns = ["negative_id", "negative_label", *about, *ranks]
    pairs = rows.select("query_id", *columns)
    if isinstance(schema["negative_id"], pl.List):
        pairs = pairs.explode(columns)
    unlabeled = pairs.filter(pl.col("negative_label") == UNLABELED)
    best = unlabeled.with_columns(best=best_rank(retrievers)).unique(["query_id", "negative_id"])
    counts = best.select(pl.len(), deep=(pl.col("best") > DEEP).sum()).collect(engine="streaming")
    negatives, deep = counts.row(0)
    short = {"random_short": _random_short(pairs, random_negatives)} if random_negatives else {}
    return {"negatives": negatives, "deep": deep, **short, **_generated(pairs)}


def _generated(pairs: pl.LazyFrame) -> dict[str, int]:
    """Return how many (query, negative) pairs have a negative that a language model wrote; see `count_deep`."""
    columns = pairs.collect_schema()
    if "origin" not in columns:
        return {}
    own = pairs.filter(pl.col("negative_label") == GENERATED).unique(["query_id", "negative_id"])
    counts = {"generated": pl.len()}
    if "written_for" in columns:
        counts["generated_for_others"] = (pl.col("written_for") != pl.col("query_id")).sum()
    return dict(own.select(**counts).collect(engine="streaming").row(0, named=True))


def _random_short(pairs: pl.LazyFrame, random_negatives: int) -> int:
    drawn = pl.col("negative_id").filter(pl.col("negative_label") == RANDOM).n_unique()
    by_query = pairs.group_by("query_id").agg(drawn=drawn)
    count = by_query.select((pl.col("drawn") < random_negatives).sum())
    return int(count.collect(engine="streaming").item())


def too_easy(negatives: int, deep: int) -> str | None:
    """Return a sentence where most negatives are deep, else None. Both numbers: see `count_deep`."""
    if deep <= EASY * negatives:
        return None
    return (
        f"{deep:,} of {negatives:,} negatives are probably too easy: no retriever has them among a query's "
        f"first {DEEP} documents."
    )
