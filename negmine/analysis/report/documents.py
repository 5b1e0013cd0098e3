"""The documents of sampled queries: what is shown of each, and where texts are cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import polars as pl
from pydantic import Field

from negmine.analysis.report.sections.base import IS_POSITIVE, Part, rounded

POSITIVES, NEGATIVES, REJECTED = 3, 6, 6
CUTS = (400, 300, 200, 120, 80, 40)  # characters
BUDGET, LEAST = (
    900_000,
    150_000,
)  # bytes that all documents, and all their texts, may have in a page
MARKUP, PER_OPINION = 300, 28  # bytes around a document's text
_ORDER = pl.col("rank").fill_null(2**30)


class Opinion(Part):
    """What one retriever or scorer said of a document."""

    scorer: str = Field(description="who")
    score: float | None = Field(description="null: not scored")
    rank: int | None = Field(description="among the query's rows; null: not found, or no score")


class Document(Part):
    """One document of a sampled query."""

    doc_id: str = Field(description="its id")
    text: str = Field(description="its text, cut")
    cut: bool = Field(description="whether there is more of it")
    rank: int | None = Field(
        description="in the fused list; null: no retriever found it, or --candidates leaves it out"
    )
    reason: str | None = Field(description="why it is no negative; null: it is one")
    opinions: list[Opinion] = Field(description="of all who score")


class SampleQuery(Part):
    """One query to look at."""

    query_id: str = Field(description="its id")
    text: str = Field(description="its text, cut")
    why: list[str] = Field(description="random, or worst cases: closest, riskiest, short, missed")
    positives: list[Document] = Field(description="known positives, at most 3")
    positives_more: int = Field(description="further ones")
    negatives: list[Document] = Field(description="in the training file, at most 6")
    negatives_more: int = Field(description="further ones")
    rejected: list[Document] = Field(
        description="removed by a rule: the best-ranked, and the best of every reason, at most 6"
    )
    rejected_more: int = Field(description="further ones")
    kept_unused: int = Field(description="kept by the rules, and not written")


def shown(rows: pl.DataFrame) -> dict[str, tuple[pl.DataFrame, int]]:
    """Return what to show of a query, and how much more there is: positives, negatives, rejected.

    rows: all of one query, with `written`.
    """
    candidates = rows.filter(~IS_POSITIVE)
    removed = candidates.filter(~pl.col("kept")).sort(_ORDER, "doc_id")
    of_each = removed.unique("reason", keep="first", maintain_order=True)
    best = pl.concat([of_each, removed]).unique("doc_id", keep="first", maintain_order=True)
    groups = {
        "positives": (rows.filter(IS_POSITIVE).sort(_ORDER, "doc_id"), POSITIVES),
        "negatives": (candidates.filter("written").sort(_ORDER, "doc_id"), NEGATIVES),
        "rejected": (best, REJECTED),
    }
    return {
        name: (group.head(most).sort(_ORDER, "doc_id"), max(group.height - most, 0))
        for name, (group, most) in groups.items()
    }


def cut_for(texts: Iterable[str], opinions: int) -> int:
    """Return after how many characters texts are cut, so that all fit into the budget of a page.

    opinions: scores that are shown of each.
    """
    every = list(texts)
    space = max(BUDGET - len(every) * (MARKUP + PER_OPINION * opinions), LEAST)
    for cut in CUTS:
        if sum(len(escape(text[:cut]).encode()) for text in every) <= space:
            return cut
    return CUTS[-1]


def short_text(text: str, cut: int) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= cut else text[:cut].rstrip() + "…"


def document(row: dict[str, Any], text: str, cut: int, opinions: Sequence[str]) -> Document:
    """Return one document as the report has it. row: of `verdicts`."""
    return Document(
        doc_id=row["doc_id"],
        text=short_text(text, cut),
        cut=len(text) > cut,
        rank=row["rank"],
        reason=row["reason"],
        opinions=[
            Opinion(scorer=n, score=rounded(row[f"{n}_score"]), rank=row[f"{n}_rank"])
            for n in opinions
        ],
    )


def sample_query(
    rows: pl.DataFrame,
    why: list[str],
    text: str,
    texts: dict[str, str],
    cut: int,
    names: Sequence[str],
) -> SampleQuery:
    """Return one query with its documents. rows: of the query; texts: by doc_id."""
    groups = shown(rows)
    sample = {
        name: [
            document(row, texts[row["doc_id"]], cut, names) for row in group.iter_rows(named=True)
        ]
        for name, (group, _) in groups.items()
    }
    unused = rows.filter(pl.col("kept") & ~pl.col("written")).height
    return SampleQuery(
        query_id=rows["query_id"][0],
        text=short_text(text, cut),
        why=why,
        positives=sample["positives"],
        positives_more=groups["positives"][1],
        negatives=sample["negatives"],
        negatives_more=groups["negatives"][1],
        rejected=sample["rejected"],
        rejected_more=groups["rejected"][1],
        kept_unused=unused,
    )
