"""How probably a document of a retriever and rank was ever judged: what the pool of the annotators was.

CET (Cai et al. 2022): annotators saw what the retriever of their time found. A document that only a stronger
one finds was probably never looked at, so that it is unlabeled says little.
"""

from __future__ import annotations

import polars as pl
from pydantic import Field

from negmine.analysis.report.sections.base import (
    About,
    Part,
    Section,
    Source,
    Tables,
    rounded,
    summed,
)
from negmine.stages.write.scales import BUCKETS, judged_by_rank


class Propensity(Part):
    """What people have judged of the documents that a retriever found at some ranks."""

    retriever: str = Field(description="its name")
    ranks: str = Field(description="first and last rank")
    documents: int = Field(description="documents at these ranks, positives among them")
    judged: float = Field(
        description="propensity: share of them that qrels or labels judge, the weight of --weight propensity"
    )
    relevant: float | None = Field(
        description="share of the judged ones that are positives; 1 where qrels name positives alone; null: "
        "none is judged"
    )


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return the counts of a part by retriever and bucket of ranks."""
    return {"propensities": judged_by_rank(rows, about.retrievers)}


def _build(source: Source) -> list[Propensity]:
    """Return retrievers in their order, each by rank."""
    order = {name: place for place, name in enumerate(source.about.retrievers)}
    place = pl.col("retriever").replace_strict(order, return_dtype=pl.Int64)
    return [
        Propensity(
            retriever=row["retriever"],
            ranks=_ranks(row["bucket"]),
            documents=row["rows"],
            judged=rounded(row["judged"] / row["rows"]) or 0.0,
            relevant=rounded(row["positives"] / row["judged"]) if row["judged"] else None,
        )
        for row in source.counts["propensities"].sort(place, "bucket").iter_rows(named=True)
    ]


def _ranks(bucket: int) -> str:
    first = BUCKETS[bucket - 1] + 1 if bucket else 1
    return f"{first}-{BUCKETS[bucket]}" if bucket < len(BUCKETS) else f"{first}-"


PROPENSITIES = Section(
    _build,
    of_part,
    lambda about: {"propensities": summed("retriever", "bucket")},
    title="What was judged",
    lead="How probably a document at these ranks was ever judged (propensity). Where that is little, unlabeled "
    "documents are no negatives that somebody has looked at: ask about them first.",
)
