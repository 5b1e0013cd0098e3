"""The funnel from candidates to written negatives: every step, and counts that add up."""

from __future__ import annotations

from collections.abc import Mapping

from negmine.analysis.report.schema import Step
from negmine.stages.filter.rules import REASONS

NOT_ASKED_FOR = "not_asked_for"  # more were kept than --num-negatives, or others were drawn
NOT_FULL = "query_not_full"  # n-tuple leaves out queries with fewer negatives than asked


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
