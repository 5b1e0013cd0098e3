"""Hub documents: those that are the negative of many queries.

A document that is everybody's negative is learned to be far from everything.
"""

from __future__ import annotations

import polars as pl
from pydantic import Field

from negmine.analysis.report.documents import short_text
from negmine.analysis.report.sections.base import (
    About,
    Merge,
    Part,
    Section,
    Source,
    Tables,
    rounded,
    summed,
)
from negmine.data.schemas import POSITIVE
from negmine.storage.layout import VERDICTS

MOST = 12
UPPER = (1, 5, 10, 50, 100)  # upper ends of the number of uses; the last is open
_TEXT = 110  # characters of a text


class Hub(Part):
    """A document that is the negative of many queries."""

    doc_id: str = Field(description="its id")
    text: str = Field(description="its beginning")
    queries: int = Field(description="queries that have it as a negative")
    share: float = Field(description="of the queries that have negatives")
    positive_of: int = Field(description="queries that have it as a known positive")


class Spread(Part):
    """Documents by how often they are used."""

    uses: str = Field(description="queries that have the document as a negative, as 2-5")
    documents: int = Field(description="how many documents")
    negatives: int = Field(description="how many (query, negative) pairs they fill")


class Hubs(Part):
    """Which documents are used as negatives, and how often."""

    documents: int = Field(description="distinct documents used")
    negatives: int = Field(description="(query, negative) pairs")
    spread: list[Spread] = Field(description="by number of uses")
    most: list[Hub] = Field(description="the most used")


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return how often each document is a negative, and how many queries have negatives."""
    written = rows.filter("written")
    return {
        "hubs": written.group_by("doc_id").agg(queries=pl.len().cast(pl.Int64)),
        "queries_with": written.select(queries=pl.col("query_id").n_unique().cast(pl.Int64)),
    }


def _most_used(counts: Tables) -> pl.DataFrame:
    """Return doc_id, queries of the most used documents, ties by doc_id."""
    return counts["hubs"].sort("queries", "doc_id", descending=[True, False]).head(MOST)


def _build(source: Source) -> Hubs:
    """Return the most used documents, and how uses are spread over all."""
    counts, context = source.counts, source.context
    ids = _most_used(counts)["doc_id"]
    owners = (
        context.work.scan(VERDICTS)
        .filter(pl.col("label") == POSITIVE, pl.col("doc_id").is_in(ids.implode()))
        .group_by("doc_id")
        .len()
        .collect(engine="streaming")
    )
    positive_of = dict(owners.iter_rows())
    whole = dict(context.corpus.texts(ids).iter_rows())
    texts = {name: short_text(text, _TEXT) for name, text in whole.items()}
    uses, queries = counts["hubs"], max(int(counts["queries_with"]["queries"].sum()), 1)
    most = [
        Hub(
            doc_id=doc_id,
            text=texts[doc_id],
            queries=count,
            share=rounded(count / queries) or 0.0,
            positive_of=positive_of.get(doc_id, 0),
        )
        for doc_id, count in _most_used(counts).iter_rows()
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


def _merges(about: About) -> dict[str, Merge]:
    return {"hubs": summed("doc_id"), "queries_with": lambda table: table.sum()}


HUBS = Section(_build, of_part, _merges)
