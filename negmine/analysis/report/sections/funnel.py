"""The funnel from candidates to written negatives: every step, and counts that add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl
from pydantic import Field

from negmine.analysis.report.sections.base import About, Merge, Part, Section, Source, Tables
from negmine.stages.filter.rules import REASONS
from negmine.stages.write.selection import selected
from negmine.storage.layout import VERDICTS

NOT_ASKED_FOR = "not_asked_for"  # more were kept than --num-negatives, or others were drawn
NOT_FULL = "query_not_full"  # n-tuple leaves out queries with fewer negatives than asked


class Step(Part):
    """One step of the funnel. `left` of a step is `left` of the one before, less `removed`."""

    name: str = Field(description="candidates, a reason, or what became of the kept ones")
    kind: Literal["start", "rule", "kept", "unused", "written"] = Field(
        description="unused: kept, and not written"
    )
    removed: int = Field(description="candidates that this step takes away")
    left: int = Field(description="candidates left after it")


def funnel(
    candidates: int, removed: Mapping[str, int], kept: int, selected: int, written: int
) -> list[Step]:
    """Return the steps in the order the rules are tried.

    removed: reason to candidates. selected: kept candidates up to `num_negatives` a query. written: (query,
    negative) pairs in the training file.
    """
    left = candidates
    steps = [Step(name="candidates", kind="start", removed=0, left=left)]
    for reason in sorted(removed, key=REASONS.index):
        left -= removed[reason]
        steps.append(Step(name=reason, kind="rule", removed=removed[reason], left=left))
    steps.append(Step(name="kept", kind="kept", removed=0, left=kept))
    if selected != kept:
        steps.append(
            Step(name=NOT_ASKED_FOR, kind="unused", removed=kept - selected, left=selected)
        )
    if written != selected:
        steps.append(Step(name=NOT_FULL, kind="unused", removed=selected - written, left=written))
    steps.append(Step(name="written", kind="written", removed=0, left=written))
    return steps


def _build(source: Source) -> list[Step]:
    totals, chosen = source.values["totals"], int(source.counts["selected"]["rows"].sum())
    removed = source.context.work.require(VERDICTS).stats["removed"]
    return funnel(totals.candidates, removed, totals.kept, chosen, totals.negatives)


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return how many rows are selected as negatives."""
    return {"selected": pl.DataFrame({"rows": [selected(rows, about.selection).height]})}


def _merges(about: About) -> dict[str, Merge]:
    return {"selected": lambda tables: tables.sum()}


FUNNEL = Section(_build, of_part, _merges)
