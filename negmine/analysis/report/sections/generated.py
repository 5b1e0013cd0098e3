"""What became of the documents that a language model wrote."""

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
from negmine.stages.write.generated import IS_GENERATED

WRITTEN, NOT_TAKEN = "written", "not_taken"
_COLUMNS = {"origin": pl.String, "what": pl.String, "documents": pl.Int64}


class Generated(Part):
    """Documents of one origin, by what became of them."""

    origin: str = Field(description="the kind, the model and the hash of the prompt")
    what: str = Field(
        description="written (as a negative); not_taken (kept, and not written); or the rule that dropped them"
    )
    documents: int = Field(description="how many; one that several queries share counts for each")


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return origin, what, documents of one part; none where no model wrote."""
    if "origin" not in rows.columns:
        return {"generated": pl.DataFrame(schema=_COLUMNS)}
    what = (
        pl.when("written")
        .then(pl.lit(WRITTEN))
        .when("kept")
        .then(pl.lit(NOT_TAKEN))
        .otherwise("reason")
    )
    own = rows.filter(IS_GENERATED).select("origin", what=what)
    counts = own.group_by("origin", "what").agg(documents=pl.len().cast(pl.Int64))
    return {"generated": counts.select(_COLUMNS.keys())}


def _merges(about: About) -> dict[str, Merge]:
    return {"generated": summed("origin", "what")}


def _build(source: Source) -> list[Generated]:
    """Return a row per origin and fate, the most first."""
    order = source.counts["generated"].sort(
        "origin", "documents", "what", descending=[False, True, False]
    )
    return [Generated(**row) for row in order.iter_rows(named=True)]


GENERATED = Section(
    _build,
    of_part,
    _merges,
    title="Written documents",
    lead="What became of the documents that a language model wrote; empty where none did.",
)
