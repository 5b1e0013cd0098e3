"""Hub documents: those that are the negative of many queries.

A document that is everybody's negative is learned to be far from everything.
"""

from __future__ import annotations

import polars as pl

from negmine.analysis.report.about import About, Merge, Tables, rounded, summed
from negmine.analysis.report.schema import Hub, Hubs, Spread

MOST = 12
UPPER = (1, 5, 10, 50, 100)  # upper ends of the number of uses; the last is open
MERGES: dict[str, Merge] = {"hubs": summed("doc_id"), "queries_with": lambda table: table.sum()}


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return how often each document is a negative, and how many queries have negatives."""
    written = rows.filter("written")
    return {
        "hubs": written.group_by("doc_id").agg(queries=pl.len().cast(pl.Int64)),
        "queries_with": written.select(queries=pl.col("query_id").n_unique().cast(pl.Int64)),
    }


def most_used(held: Tables) -> pl.DataFrame:
    """Return doc_id, queries of the most used documents, ties by doc_id."""
    return held["hubs"].sort("queries", "doc_id", descending=[True, False]).head(MOST)


def told(held: Tables, texts: dict[str, str], positive_of: dict[str, int]) -> Hubs:
    """Return the most used documents, and how uses are spread over all.

    texts: of the most used ones, cut. positive_of: of how many queries they are known positives.
    """
    uses, queries = held["hubs"], max(int(held["queries_with"]["queries"].sum()), 1)
    most = [
        Hub(
            doc_id=doc_id,
            text=texts[doc_id],
            queries=count,
            share=rounded(count / queries) or 0.0,
            positive_of=positive_of.get(doc_id, 0),
        )
        for doc_id, count in most_used(held).iter_rows()
    ]
    negatives = int(uses["queries"].sum())
    return Hubs(documents=uses.height, negatives=negatives, spread=_spread(uses), most=most)


def _spread(uses: pl.DataFrame) -> list[Spread]:
    bucket = pl.sum_horizontal([(pl.col("queries") > end).cast(pl.Int32) for end in UPPER])
    rows = (
        uses.group_by(bucket=bucket)
        .agg(documents=pl.len(), negatives=pl.col("queries").sum())
        .sort("bucket")
    )
    return [
        Spread(uses=_name(bucket), documents=documents, negatives=negatives)
        for bucket, documents, negatives in rows.iter_rows()
    ]


def _name(bucket: int) -> str:
    if bucket == len(UPPER):
        return f"over {UPPER[-1]}"
    low = UPPER[bucket - 1] + 1 if bucket else 1
    return str(low) if low == UPPER[bucket] else f"{low}-{UPPER[bucket]}"
