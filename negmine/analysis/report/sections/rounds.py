"""What became of the negatives that the last round wrote."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from negmine.analysis.report.sections.base import (
    About,
    Merge,
    Part,
    Section,
    Source,
    Tables,
    summed,
)

AGAIN, NEW, NOT_TAKEN, NO_CANDIDATE = "written_again", "new", "not_taken", "no_candidate"
_PAIR = ["query_id", "doc_id"]
_NONE = {"what": pl.String, "negatives": pl.Int64, "queries": pl.Int64}


class Since(Part):
    """Negatives of the last round and of this one, by what became of them."""

    what: str = Field(
        description="written_again; new; or why it is not written any more: not_taken (others came first), "
        "no_candidate, or the rule"
    )
    negatives: int = Field(description="(query, negative) pairs")
    queries: int = Field(description="queries that have such a pair")


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return what, negatives, queries of one part; none in round 1."""
    if about.selection.earlier is None:
        return {"since": pl.DataFrame(schema=_NONE)}
    last = about.selection.earlier(rows["query_id"]).select(_PAIR)
    now = rows.select(*_PAIR, "written", "kept", "reason")
    what = (
        pl.when(pl.col("written").is_null())
        .then(pl.lit(NO_CANDIDATE))
        .when(pl.col("written"))
        .then(pl.lit(AGAIN))
        .when(pl.col("kept"))
        .then(pl.lit(NOT_TAKEN))
        .otherwise("reason")
    )
    before = last.join(now, on=_PAIR, how="left").select("query_id", what=what)
    new = now.filter("written").join(last, on=_PAIR, how="anti")
    both = pl.concat([before, new.select("query_id", what=pl.lit(NEW))])
    counts = both.group_by("what").agg(
        negatives=pl.len().cast(pl.Int64), queries=pl.col("query_id").n_unique().cast(pl.Int64)
    )
    return {"since": counts.select(_NONE.keys())}


def _merges(about: About) -> dict[str, Merge]:
    return {"since": summed("what")}


def _build(source: Source) -> list[Since]:
    """Return a row per fate, the most first."""
    order = source.counts["since"].sort("negatives", "what", descending=[True, False])
    return [Since(**row) for row in order.iter_rows(named=True)]


SINCE = Section(
    _build,
    of_part,
    _merges,
    title="Since the last round",
    lead="What became of the negatives that the last round wrote, and how many are new; empty in round 1.",
)
