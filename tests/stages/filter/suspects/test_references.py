"""The pairs that nearest neighbours go by, counted by hand: intrinsic and extrinsic."""

import polars as pl

from negmine.stages.filter.neighbours import limited
from negmine.stages.filter.suspects.references import extrinsic, intrinsic

SCHEMA = {
    "query_id": pl.String, "doc_id": pl.String, "label": pl.String, "rank": pl.Int32, "kept": pl.Boolean,
    "judge_verdict": pl.String,
}  # fmt: skip
ROWS = [
    ("q", "p1", "positive", 1, False, None),
    ("q", "p2", "positive", None, False, "relevant"),
    ("q", "risky", "unlabeled", 2, False, "relevant"),
    ("q", "n1", "unlabeled", 3, True, "not_relevant"),
    ("q", "n2", "unlabeled", 4, True, "abstained"),
    ("q", "people", "judged_negative", 9, True, "relevant"),
    ("q", "partly", "partly_relevant", 5, True, None),
    ("r", "p3", "positive", 2, False, None),
    ("r", "n3", "unlabeled", 1, True, None),
    ("r", "n4", "unlabeled", 3, True, None),
]
VERDICTS = pl.DataFrame(ROWS, schema=SCHEMA, orient="row")


def by_label(rows):
    kinds = rows.select("doc_id", "positive").rows()
    return {name for name, kind in kinds if kind}, {name for name, kind in kinds if not kind}


def test_intrinsic_takes_as_many_kept_negatives_as_positives_judged_ones_first():
    assert by_label(intrinsic(VERDICTS)) == ({"p1", "p2", "p3"}, {"people", "n1", "n3"})


def test_extrinsic_goes_by_people_and_the_judge_alone_and_people_win():
    labelled = pl.DataFrame({"query_id": ["q", "r"], "doc_id": ["p1", "n4"]})
    assert by_label(extrinsic(VERDICTS, labelled)) == ({"p1", "p2", "risky"}, {"n1", "people"})
    nobody = labelled.clear()
    assert by_label(extrinsic(VERDICTS, nobody)) == ({"p2", "risky"}, {"n1", "people"})


def test_of_too_many_pairs_those_of_whole_queries_are_drawn_and_others_change_nothing():
    rows = pl.DataFrame({"query_id": [f"q{n // 3}" for n in range(60)], "doc_id": "d"})
    drawn = limited(rows, 14)
    assert drawn.group_by("query_id").len()["len"].unique().to_list() == [3]
    assert drawn.height == 12
    assert limited(rows, 60).equals(rows)
    assert set(limited(rows, 9)["query_id"]) < set(drawn["query_id"])
