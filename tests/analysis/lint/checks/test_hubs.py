"""Which negatives are hubs."""

import polars as pl
import pytest

from negmine.analysis.lint.checks.hubs import Hubs
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.occurrences import NEGATIVE
from tests.analysis.lint.checks.frames import rows


@pytest.mark.parametrize(
    ("queries", "slots"),
    [
        ([1] * 99 + [12], 12),  # far above all others
        ([1] * 99 + [9], 0),  # fewer than ten queries
        ([12] * 100, 0),  # all alike: a small corpus, no hub
        ([1] * 98 + [12, 15], 27),
    ],
)
def test_hubs_are_far_above_all_others(queries, slots):
    """queries: of how many queries each document is a negative."""
    uses = [(q, q, d, d, NEGATIVE, q, 1) for d, many in enumerate(queries) for q in range(many)]
    documents = rows(uses, "role", "row", "slot")
    buckets = [documents.filter(pl.col("text_a") % 2 == parity) for parity in (0, 1)]
    findings, hubs = Findings(20), Hubs(10)
    for bucket in buckets:
        hubs.take(bucket)
    hubs.find(findings, iter([[bucket] for bucket in buckets]))
    assert findings.counts["hub_negative"] == slots
