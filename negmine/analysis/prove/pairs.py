"""The rows that a recipe trains on: query, positive, negatives; first as ids, then as texts."""

from __future__ import annotations

import hashlib

import polars as pl

from negmine.data.hashing import random_draws
from negmine.engine.context import Context
from negmine.errors import InputError

SPARE = 16  # random documents drawn beside those that are wanted, in place of positives and doubles


def rows(
    pairs: pl.DataFrame,
    negatives: pl.DataFrame | None,
    wanted: int,
    documents: pl.Series,
    seed: int,
) -> pl.DataFrame:
    """Return query_id, positive_id, negative_ids (list) of every pair, in its order.

    pairs: query_id, doc_id. negatives: query_id, doc_id, best first; None: rows without negatives. A query that
    is short of the `wanted` negatives is filled up with random documents, so that every recipe has the same
    pairs. Raises InputError where the corpus has too few documents for that.
    """
    named = pairs.rename({"doc_id": "positive_id"})
    if negatives is None:
        return named.with_columns(negative_ids=pl.lit([], pl.List(pl.String)))
    queries = pairs.select("query_id").unique(maintain_order=True)
    chosen = negatives.group_by("query_id", maintain_order=True).agg(
        pl.col("doc_id").head(wanted).alias("own")
    )
    spare = _spare(queries, pairs, wanted, documents, seed)
    filled = (
        queries.join(chosen, on="query_id", how="left", maintain_order="left")
        .join(spare, on="query_id", how="left", maintain_order="left")
        .with_columns(pl.col("own", "spare").fill_null([]))
        .select(
            "query_id",
            negative_ids=pl.concat_list("own", "spare")
            .list.unique(maintain_order=True)
            .list.head(wanted),
        )
    )
    if not filled["negative_ids"].list.len().eq(wanted).all():
        raise InputError(
            f"The corpus has too few documents to give every query {wanted} negatives. Lower --num-negatives."
        )
    return named.join(filled, on="query_id", how="left", maintain_order="left")


def _spare(
    queries: pl.DataFrame, pairs: pl.DataFrame, wanted: int, documents: pl.Series, seed: int
) -> pl.DataFrame:
    """Return query_id, `spare`: random documents that are no positives of the query."""
    places = pl.DataFrame({"place": range(wanted + SPARE)})
    drawn = queries.join(places, how="cross")
    draws = random_draws(drawn["query_id"], drawn["place"], seed)
    picked = documents.gather(pl.Series(draws % len(documents)))
    return (
        drawn.select("query_id", picked.alias("doc_id"))
        .join(pairs, on=["query_id", "doc_id"], how="anti", maintain_order="left")
        .group_by("query_id", maintain_order=True)
        .agg(spare="doc_id")
    )


def own_share(pairs: pl.DataFrame, negatives: pl.DataFrame, wanted: int) -> float:
    """Return the yield: the share of the wanted negatives that are the recipe's own, not random."""
    queries = pairs["query_id"].n_unique()
    counts = negatives.group_by("query_id").len()["len"].clip(upper_bound=wanted)
    return float(counts.sum()) / max(queries * wanted, 1)


def conflicts(rows: pl.DataFrame, pairs: pl.DataFrame, batch: int) -> float:
    """Return how many of its other known positives a query meets in a random batch, as negatives, on average.

    The loss takes every document of a batch for a negative of all queries but its own row's. rows: see `rows`.
    pairs: query_id, doc_id, what is known. batch: rows in a batch.
    """
    if rows.height < 2:
        return 0.0
    flat = rows.select("query_id", doc_id=pl.concat_list("positive_id", "negative_ids")).explode(
        "doc_id"
    )
    everywhere = flat.group_by("doc_id").agg(everywhere=pl.len())
    own = flat.group_by("query_id", "doc_id").agg(own=pl.len())
    met = (
        pairs.join(everywhere, on="doc_id", how="left")
        .join(own, on=["query_id", "doc_id"], how="left")
        .select(
            "query_id", "doc_id", met=pl.col("everywhere").fill_null(0) - pl.col("own").fill_null(0)
        )
    )
    by_row = rows.select("query_id", "positive_id").join(
        met.group_by("query_id").agg(all_met=pl.col("met").cast(pl.Float64).sum()), on="query_id"
    )
    row_own = by_row.join(
        met, left_on=["query_id", "positive_id"], right_on=["query_id", "doc_id"], how="left"
    )
    others = (row_own["all_met"] - row_own["met"].fill_null(0)).sum() / rows.height
    return float(others * (min(batch, rows.height) - 1) / (rows.height - 1))


def digest(rows: pl.DataFrame) -> str:
    """Return the sha256 (hex) of rows of ids: equal rows, equal digest."""
    ids = ("query_id", "positive_id", pl.col("negative_ids").list.join("\t"))
    lines = rows.select(pl.concat_str(ids, separator="\t").str.join("\n")).item()
    return hashlib.sha256((lines or "").encode()).hexdigest()


def columns(context: Context, rows: pl.DataFrame) -> dict[str, list[str]]:
    """Return the texts of rows as a trainer reads them: anchor, positive, negative_1 ... negative_N."""
    flat = pl.concat([rows["positive_id"], rows["negative_ids"].explode().drop_nulls()])
    documents = context.corpus.texts(flat)
    queries = context.queries.texts(rows["query_id"])
    count = int(rows["negative_ids"].list.len().max() or 0)  # type: ignore[arg-type]
    ids = {"positive": rows["positive_id"]}
    ids |= {f"negative_{n + 1}": rows["negative_ids"].list.get(n) for n in range(count)}
    texts = {name: _texts(names, documents) for name, names in ids.items()}
    return {"anchor": [queries[name] for name in rows["query_id"]], **texts}


def _texts(doc_ids: pl.Series, documents: pl.DataFrame) -> list[str]:
    """Return the text of each document. documents: doc_id, text."""
    named = doc_ids.to_frame("doc_id").join(
        documents, on="doc_id", how="left", maintain_order="left"
    )
    return named["text"].to_list()
