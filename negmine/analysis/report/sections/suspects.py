"""Positives that may be no answers: the most suspicious ones, to look at."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from negmine.analysis.report.documents import short_text
from negmine.analysis.report.sections.base import Part, Section, Source, rounded
from negmine.stages.filter.suspects.tasks import wanted
from negmine.storage.layout import QUERIES, SUSPECTS

MOST = 12
_TEXT = 110  # characters of a text


class Suspect(Part):
    """A known positive that its scores speak against."""

    query_id: str = Field(description="its query")
    query: str = Field(description="the query's beginning")
    doc_id: str = Field(description="the positive")
    text: str = Field(description="its beginning")
    reason: str = Field(description="the test that suspects it, see reference/tables.md")
    below: float | None = Field(
        description="share of the query's candidates above it, the least over all scores"
    )
    distance: float | None = Field(
        description="robust standard deviations below the median positive, the least over all scores"
    )
    neighbours: float | None = Field(
        description="similarity to its nearest positive pairs less that to its nearest negative pairs; null "
        "without --suspect-neighbours"
    )


def _build(source: Source) -> list[Suspect]:
    """Return the suspected positives that lie lowest, ties by id; none where nobody asked."""
    context = source.context
    if not wanted(context):
        return []
    rows = (
        context.work.scan(SUSPECTS)
        .filter("suspected")
        .sort("below", "distance", "query_id", "doc_id", descending=[True, True, False, False])
        .head(MOST)
        .collect()
    )
    queries = context.work.scan(QUERIES).select("query_id", "text")
    asked = queries.filter(pl.col("query_id").is_in(rows["query_id"].implode())).collect()
    texts = dict(context.corpus.texts(rows["doc_id"].unique()).iter_rows())
    by_query = dict(asked.iter_rows())
    return [
        Suspect(
            query_id=row["query_id"],
            query=short_text(by_query[row["query_id"]], _TEXT),
            doc_id=row["doc_id"],
            text=short_text(texts[row["doc_id"]], _TEXT),
            reason=row["reason"],
            below=rounded(row["below"]),
            distance=rounded(row["distance"]),
            neighbours=rounded(row["neighbours"]),
        )
        for row in rows.iter_rows(named=True)
    ]


SUSPECTED = Section(
    _build,
    title="Suspected positives",
    lead="Known positives that scores or neighbours speak against, the lowest first; empty without "
    "--suspect-share, --suspect-deviations and --suspect-neighbours. A person should look at them: "
    "--drop-positives suspected leaves them out.",
)
