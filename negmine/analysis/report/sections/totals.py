"""The run in a few counts."""

from __future__ import annotations

from pydantic import Field

from negmine.analysis.report.sections.base import Part, Section, Source
from negmine.storage.layout import CORPUS, PROVENANCE, QRELS, REFRESH, VERDICTS, training


class Totals(Part):
    """The run in a few counts."""

    documents: int = Field(description="documents of the corpus, copies included")
    queries: int = Field(description="queries with a known positive, which were mined")
    queries_without_positives: int = Field(description="queries that were left out")
    positives: int = Field(description="known positives")
    candidates: int = Field(description="rows of `verdicts`, positives included")
    kept: int = Field(description="candidates that no rule removed")
    negatives: int = Field(description="(query, negative) pairs in the training file")
    unjudged: int = Field(description="of these, pairs that nobody judged")
    deep: int = Field(description="of those, pairs that no retriever has in a query's first 50")
    rows: int = Field(description="rows of the training file")
    format: str = Field(description="its shape")
    asked: int = Field(description="negatives asked for per query")
    round: int = Field(description="the round; 1 without --round")
    queries_changed: int | None = Field(
        description="queries whose negatives are not those of the last round; null in round 1"
    )


def _build(source: Source) -> Totals:
    work, write = source.context.work, source.context.config.write
    verdicts, qrels = work.require(VERDICTS).stats, work.require(QRELS).stats
    depth = work.require(PROVENANCE).stats
    refresh = work.manifest(REFRESH) if source.context.config.round > 1 else None
    return Totals(
        documents=work.require(CORPUS).rows,
        queries=qrels["queries_mined"],
        queries_without_positives=qrels["queries_without_positives"],
        positives=qrels["positives"],
        candidates=verdicts["candidates"],
        kept=verdicts["kept"],
        negatives=int(source.counts["hubs"]["queries"].sum()),
        unjudged=depth.get("negatives", 0),
        deep=depth.get("deep", 0),
        rows=work.require(training(write.main_format)).rows,
        format=write.main_format,
        asked=write.num_negatives,
        round=source.context.config.round,
        queries_changed=None if refresh is None else refresh.stats["queries_changed"],
    )


TOTALS = Section(_build)
