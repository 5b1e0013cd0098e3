"""The selection that measurements of rules share."""

from dataclasses import replace

from negmine.stages.write.selecting import selection_of


def best_ranked(scored):
    """Return the selection of a trial's run, without a preference for what people judged not relevant."""
    return replace(selection_of(scored.context), people_first=False)
