"""Candidates that are relevant though no label says so: what --relabel makes of them."""

from __future__ import annotations

import polars as pl

from negmine.data.schemas import JUDGED_POSITIVE, NEIGHBOUR_POSITIVE
from negmine.stages.filter.rules import judged_relevant, near_positives

RELABELLED = {
    judged_relevant.__name__: JUDGED_POSITIVE,
    near_positives.__name__: NEIGHBOUR_POSITIVE,
}
"""By the reason that made a candidate no negative: its label among the positives, with --relabel."""
IS_RELABELLED = pl.col("reason").is_in(list(RELABELLED)).fill_null(False)
