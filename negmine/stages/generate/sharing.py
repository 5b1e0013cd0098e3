"""`--share-generated`: which documents, written for one query, become candidates of other queries. Pure.

A document of query A is tried for every query that has a positive of A among its candidates: what a model
writes for A imitates that positive, or shares its topic. It becomes a candidate where a retriever would have
found it: its score puts it among that retriever's hits. So no query gets more of them than it has hits.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from negmine.data.schemas import POSITIVE

PAIR = ["query_id", "doc_id"]


def tried(
    candidates: pl.DataFrame, own: pl.DataFrame, positives: pl.DataFrame, written: pl.DataFrame
) -> pl.DataFrame:
    """Return query_id, doc_id, origin, written_for: what was written for other queries, near to this one.

    candidates: query_id, doc_id of some queries. own: query_id, text_key of what was written for these.
    positives: query_id, doc_id of all queries. written: query_id, doc_id, text_key, origin of all documents.
    A query gets each text once, and none that it has of its own.
    """
    owners = positives.select("doc_id", written_for="query_id")
    near = (
        candidates.select(PAIR)
        .join(owners, on="doc_id", how="inner")
        .filter(pl.col("query_id") != pl.col("written_for"))
        .select("query_id", "written_for")
        .unique()
    )
    rows = near.join(written.rename({"query_id": "written_for"}), on="written_for", how="inner")
    text = ["query_id", "text_key"]
    others = rows.join(own.select(text), on=text, how="anti").sort(PAIR)
    each = others.unique(text, keep="first", maintain_order=True)
    return each.select(*PAIR, "origin", "written_for")


def among_hits(
    candidates: pl.DataFrame, documents: pl.DataFrame, retrievers: Sequence[str]
) -> pl.DataFrame:
    """Return the rows of `documents` that some retriever would have among its hits, ties by doc_id.

    candidates: with label, `<retriever>_rank` and `<retriever>_score`; a row with a rank is a hit. documents:
    query_id, doc_id, `<retriever>_score`, null where it cannot tell. Of hits and documents together, a query
    has as many as it has hits. Known positives are not counted, as with --k.
    """
    chosen = [documents.select(PAIR).clear()]
    for name in retrievers:
        score = pl.col(f"{name}_score").alias("score")
        is_hit = pl.col(f"{name}_rank").is_not_null() & (pl.col("label") != POSITIVE)
        hits = candidates.filter(is_hit).select(*PAIR, score, is_hit=pl.lit(True))
        both = pl.concat([hits, documents.select(*PAIR, score, is_hit=pl.lit(False))])
        placed = both.drop_nulls("score").sort("query_id", -pl.col("score"), "doc_id")
        place, count = pl.int_range(pl.len()), pl.col("is_hit").sum()
        is_in = ~pl.col("is_hit") & (place.over("query_id") < count.over("query_id"))
        chosen.append(placed.filter(is_in).select(PAIR))
    return documents.join(pl.concat(chosen), on=PAIR, how="semi", maintain_order="left")
