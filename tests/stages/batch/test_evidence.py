"""What may be relevant to a query: facts by their reason, opinions asked again, no thresholds."""

import polars as pl
import pytest

from negmine.config.settings import FilterSettings
from negmine.stages.batch.copies import groups_of
from negmine.stages.batch.evidence import FACTS, OPINIONS, may_be_relevant
from negmine.stages.filter.rules import REASONS
from negmine.stages.opening import open_existing
from tests.stages.batch.collection import TOPICS, mined

ROW = {
    "query_id": "q", "label": "unlabeled", "reason": None, "judge_verdict": None, "risk_score": 0.01,
    "guide_score": 0.1, "owner_query_similarity": None,
}  # fmt: skip
POSITIVE = ROW | {
    "label": "positive",
    "reason": "is_positive",
    "risk_score": None,
    "guide_score": 0.5,
}
SETTINGS = {
    "max_risk": 0.05,
    "guide_model": ("g",),
    "judge_url": "http://x",
    "judge_model": "m",
    "owner_query": 0.9,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, False),
        ({"reason": "too_close_to_positive"}, False),
        ({"reason": "below_min_score"}, False),
        ({"reason": "near_duplicate_of_positive"}, True),
        ({"reason": "same_text_as_positive"}, True),
        ({"reason": "partly_relevant", "label": "partly_relevant"}, True),
        ({"reason": "too_close_to_positive", "risk_score": 0.06}, True),
        ({"reason": "too_close_to_positive", "guide_score": 0.6}, True),
        ({"judge_verdict": "relevant"}, True),
        ({"owner_query_similarity": 0.95}, True),
        ({"label": "judged_negative", "risk_score": 0.9}, False),
    ],
)
def test_a_candidate_may_be_relevant(change, expected):
    schema = {"judge_verdict": pl.String, "owner_query_similarity": pl.Float32, "risk_score": pl.Float32,
              "guide_score": pl.Float32, "reason": pl.String}  # fmt: skip
    rows = pl.DataFrame([ROW | change, POSITIVE], schema_overrides=schema)
    found = rows.select(may_be_relevant(FilterSettings(**SETTINGS))).to_series()
    assert found.to_list() == [expected, True]


def test_a_run_without_opinions_goes_by_facts_alone():
    rows = pl.DataFrame([{"reason": "is_positive"}, {"reason": None}])
    assert rows.select(may_be_relevant(FilterSettings(no_risk=True))).to_series().to_list() == [
        True,
        False,
    ]


def test_facts_and_opinions_are_rules():
    assert {*FACTS, *OPINIONS} <= set(REASONS)


def test_documents_are_of_one_group_with_their_copies_and_near_copies(tmp_path):
    context = open_existing(mined(tmp_path), {})
    doc_ids = context.corpus.doc_ids()
    group = dict(zip(doc_ids, groups_of(context, doc_ids, 0.8), strict=True))
    for topic in range(TOPICS):
        assert group[f"d{topic}-2"] == group[f"d{topic}-3"]  # a changed word
        assert group[f"d{topic}-4"] == group[f"d{topic}-5"]  # another title
    assert len(set(group.values())) == len(doc_ids) - 2 * TOPICS
    strict = dict(zip(doc_ids, groups_of(context, doc_ids, 1.0), strict=True))
    assert strict["d0-2"] != strict["d0-3"] and strict["d0-4"] == strict["d0-5"]
