"""What a section of the report is, and what it may read of a run.

A section counts part by part: `of_part(rows, about)` turns a part into a few small tables, and `merges` brings
each of them together with that of the parts before. So memory is that of one part, whatever the number of
queries. rows: a part of `verdicts` (queries stand together) with `written`, whether the row is in the training
file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from negmine.config.settings import FilterSettings, WriteSettings
from negmine.data.schemas import POSITIVE
from negmine.engine.context import Context
from negmine.engine.status import State
from negmine.stages.write.sampling.base import Selection

Tables = dict[str, pl.DataFrame]
Merge = Callable[[pl.DataFrame], pl.DataFrame]
OfPart = Callable[[pl.DataFrame, "About"], Tables]

IS_POSITIVE = pl.col("label") == POSITIVE
COUNTS = ("candidates", "kept", "written")
FUSED = "fused"  # the list that is fused of several retrievers


class Part(BaseModel):
    """A frozen piece of the report."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class About:
    """A run, as far as counting needs to know it.

    ranges: the lowest and the highest score of every scorer that has one. depth: `--k`. rules: those in force.
    selection: how negatives were selected. contaminated: query_id of queries that were left out for it.
    """

    opinions: Sequence[str]
    retrievers: Sequence[str]
    deciding: str
    ranges: Mapping[str, tuple[float, float]]
    depth: int
    rules: FilterSettings
    write: WriteSettings
    selection: Selection
    seed: int
    random: int
    floor: float
    contaminated: pl.Series


def summed(*keys: str) -> Merge:
    """Return the merge that adds everything up by these keys."""
    return lambda tables: tables.group_by(*keys, maintain_order=True).sum()


def of_candidates() -> list[pl.Expr]:
    """Return the counts of rows that are no positives: candidates, kept, written."""
    wanted = (~IS_POSITIVE, pl.col("kept"), pl.col("written"))
    return [
        rows.sum().cast(pl.Int64).alias(name) for name, rows in zip(COUNTS, wanted, strict=True)
    ]


def rounded(value: float | None) -> float | None:
    """Return a number with the six digits that float32 scores are good for."""
    return None if value is None or value != value else float(f"{value:.6g}")


@dataclass(frozen=True)
class Source:
    """What a section is made from.

    counts: the tables of all sections, over all parts. states: of all artifacts. values: of the sections
    before this one, by key. leak: whether it is to be measured.
    """

    context: Context
    about: About
    counts: Tables
    states: Sequence[State]
    leak: bool
    values: dict[str, Any] = field(default_factory=dict)


def _no_counts(rows: pl.DataFrame, about: About) -> Tables:
    return {}


def _no_merges(about: About) -> dict[str, Merge]:
    return {}


@dataclass(frozen=True)
class Section:
    """One key of the report: how it is counted and made.

    build: returns the value of the key. of_part, merges: see the module. title, lead: with a title, the page
    shows the value as a table of its own, below a sentence; report.html has the sections without.
    """

    build: Callable[[Source], Any]
    of_part: OfPart = _no_counts
    merges: Callable[[About], dict[str, Merge]] = _no_merges
    title: str = ""
    lead: str = ""


def is_written(rows: pl.DataFrame, provenance: pl.DataFrame) -> pl.Series:
    """Tell for every row whether provenance has it as a negative, [rows]."""
    pairs = provenance.select("query_id", "negative_id")
    if pairs["negative_id"].dtype == pl.List:
        pairs = pairs.explode("negative_id")
    pairs = pairs.drop_nulls().unique().with_columns(written=True)
    joined = rows.select("query_id", "doc_id").join(
        pairs.rename({"negative_id": "doc_id"}),
        on=["query_id", "doc_id"],
        how="left",
        maintain_order="left",
    )
    return joined["written"].fill_null(False)
