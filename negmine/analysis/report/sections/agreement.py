"""Whether retrievers agree, and what each of them brings: positives, negatives, and positives that leak.

A stronger retriever finds more relevant documents that nobody judged, so its candidates are false negatives
more often ("Hard Negatives or False Negatives", Cai et al. 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

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
from negmine.retrievers.registry import types

FIRST = 10
_RELEVANT, _NOT_RELEVANT = "relevant", "not_relevant"


class Agreement(Part):
    """How many hits two retrievers share."""

    one: str = Field(description="a retriever")
    other: str = Field(description="another")
    queries: int | None = Field(
        description="for which one of them found something; null: a run is not there any more"
    )
    jaccard_10: float | None = Field(
        description="hits that both have among their first 10 / hits that one of them has, mean over queries"
    )
    jaccard_k: float | None = Field(description="the same of their first k (`--k`)")


class Finder(Part):
    """What one retriever found. Known positives count in `recall` and `positives_alone` only."""

    retriever: str = Field(description="its name")
    recall: float = Field(
        description="share of a query's known positives among its first k, mean over queries"
    )
    positives_alone: int = Field(description="known positives that no other retriever found")
    candidates: int = Field(description="candidates that it found")
    candidates_alone: int = Field(description="of those, found by no other")
    written: int = Field(description="written negatives that it found")
    written_alone: int = Field(description="of those, found by no other")
    judged: int = Field(description="candidates that it found and a judge decided on")
    judged_relevant: int = Field(description="of those, relevant")
    hidden: int | None = Field(
        description="hidden positives that it found again; null: no leak was measured"
    )
    leaked: int | None = Field(description="of those, selected as negatives")
    leak: float | None = Field(
        description="leaked / negatives that it found, where positives were hidden"
    )


def _judged_of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return by retriever how many of its candidates a judge decided on, and called relevant."""
    verdict = pl.col("judge_verdict")
    counts = {
        "judged": verdict.is_in([_RELEVANT, _NOT_RELEVANT]).sum().cast(pl.Int64),
        "judged_relevant": (verdict == _RELEVANT).sum().cast(pl.Int64),
    }
    tables = [
        rows.filter(pl.col(f"{name}_rank").is_not_null()).select(
            pl.lit(name).alias("retriever"), **counts
        )
        for name in about.retrievers
    ]
    return {"judged": pl.concat(tables)}


def _finders(source: Source) -> list[Finder]:
    """Return what each retriever found; counted already for `overlap`, `recall` and `leak`."""
    overlap, leak = source.values["overlap"], source.values["leak"]
    recall = {one.retriever: one.at[-1].recall for one in source.values["recall"]}
    judged = {row["retriever"]: row for row in source.counts["judged"].iter_rows(named=True)}

    def count(field: str, name: str, alone: bool = False) -> int:
        groups = [g for g in overlap if (g.retrievers == [name] if alone else name in g.retrievers)]
        return sum(getattr(group, field) for group in groups)

    return [
        Finder(
            retriever=name,
            recall=recall[name],
            positives_alone=count("positives", name, alone=True),
            candidates=count("candidates", name),
            candidates_alone=count("candidates", name, alone=True),
            written=count("written", name),
            written_alone=count("written", name, alone=True),
            judged=judged[name]["judged"],
            judged_relevant=judged[name]["judged_relevant"],
            **_leaked(None if leak is None else [r for r in leak.by_rank if r.retriever == name]),
        )
        for name in source.about.retrievers
    ]


def _leaked(ranks: Sequence[Any] | None) -> dict[str, Any]:
    """Return hidden, leaked and leak of one retriever. ranks: its rows of the leak's `by_rank`."""
    if ranks is None:
        return {"hidden": None, "leaked": None, "leak": None}
    hidden, leaked, selected = (
        sum(getattr(row, field) for row in ranks) for field in ("hidden", "leaked", "selected")
    )
    return {
        "hidden": hidden,
        "leaked": leaked,
        "leak": rounded(leaked / selected) if selected else None,
    }


def _agreement(source: Source) -> list[Agreement]:
    """Return the agreement of every pair of retrievers, from their runs: `--candidates` shapes none of them."""
    config, states = source.context.config, {s.artifact.name: s for s in source.states}
    runs = {kind.name: kind.run(config) for kind in types(config)}
    there = {name: run for name, run in runs.items() if states[run].readable}
    columns, depths = ["query_id", "doc_id", "rank"], (FIRST, source.about.depth)
    sums: dict[tuple[str, str], pl.DataFrame] = {}
    for number in range(source.context.queries.parts() if len(there) > 1 else 0):
        hits = {name: source.context.work.read(run, number, columns) for name, run in there.items()}
        for pair in combinations(there, 2):
            counts = shared(hits[pair[0]], hits[pair[1]], depths)
            sums[pair] = pl.concat([sums[pair], counts]).sum() if pair in sums else counts
    return [_mean(one, other, sums.get((one, other))) for one, other in combinations(runs, 2)]


def _mean(one: str, other: str, sums: pl.DataFrame | None) -> Agreement:
    if sums is None:
        return Agreement(one=one, other=other, queries=None, jaccard_10=None, jaccard_k=None)
    row = sums.row(0, named=True)
    queries = row["queries"]
    first, all_k = (
        rounded(row[f"jaccard_{place}"] / queries) if queries else None for place in (0, 1)
    )
    return Agreement(one=one, other=other, queries=queries, jaccard_10=first, jaccard_k=all_k)


def shared(ours: pl.DataFrame, theirs: pl.DataFrame, depths: Sequence[int]) -> pl.DataFrame:
    """Return one row: queries, and as jaccard_<n> the sum over queries of Jaccard at the n-th depth.

    ours, theirs: query_id, doc_id, rank of two retrievers. queries: those for which one of the two has a hit.
    Jaccard: hits that both have at ranks up to the depth / hits that one of them has there.
    """
    key = ["query_id", "doc_id"]
    hits = ours.join(theirs, on=key, how="full", coalesce=True, suffix="_theirs")
    jaccard = {f"jaccard_{place}": _jaccard(depth) for place, depth in enumerate(depths)}
    per_query = hits.group_by("query_id").agg(**jaccard)
    return per_query.select(
        pl.len().cast(pl.Int64).alias("queries"), *(pl.col(name).sum() for name in jaccard)
    )


def _jaccard(depth: int) -> pl.Expr:
    ours, theirs = (pl.col(name).le(depth).fill_null(False) for name in ("rank", "rank_theirs"))
    return (ours & theirs).sum() / (ours | theirs).sum()


AGREEMENT = Section(
    _agreement,
    title="Do the retrievers agree?",
    lead="The share of hits that two retrievers have in common: of their first 10, and of their first k. Where "
    "it is small, each brings candidates that the other does not have.",
)
FINDERS = Section(
    _finders,
    _judged_of_part,
    lambda about: {"judged": summed("retriever")},
    title="What each retriever brings",
    lead="Known positives and candidates that a retriever found, and those that it alone found; how many of "
    "its candidates a judge called relevant; and, where positives were hidden, how many of them it found again "
    "and how many became negatives. A stronger retriever finds more positives that nobody judged.",
)
