"""A training file without rows, or with few queries in it, is warned of, with the reason and a flag."""

import pytest

import negmine
from negmine.engine.progress import Notes
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.warnings import Counts, warnings


def sentences(format="triplet", **counts):
    usual = {
        "rows": 500, "num_negatives": 5, "queries": 100, "short": 0, "without": 0,
        "removed": {"is_positive": 200, "too_risky": 30, "too_close_to_positive": 900, "not_scored": 2},
    }  # fmt: skip
    return list(warnings(Counts(**(usual | counts)), FORMATS[format], "work"))


def test_nothing_is_warned_of_while_half_of_the_queries_have_negatives():
    assert sentences() == []
    assert sentences(short=100, without=50) == []


def test_queries_without_negatives_are_named_with_the_most_frequent_reasons():
    (warning,) = sentences(short=60, without=51)
    assert warning.startswith("51 of 100 queries have no negative. ")
    for reason, setting in {
        "too_close_to_positive (900, ": "--relative-margin", "too_risky (30, ": "--max-risk"
    }.items():  # fmt: skip
        assert setting in warning.partition(reason)[2].partition(")")[0]
    assert "--no-" not in warning
    assert "is_positive" not in warning


def test_a_judge_that_is_not_done_is_the_reason():
    unfinished = "the judge's budget was spent with 394 documents to go"
    (warning,) = sentences(without=80, unfinished=unfinished, removed={"not_judged": 394})
    assert unfinished in warning
    assert "--judge-budget" in warning
    assert "not_judged" not in warning


def test_too_few_candidates_are_a_reason():
    (warning,) = sentences(rows=0, without=100, removed={"is_positive": 100})
    assert warning.startswith("nothing to train on: 5-write/triplet has no row. ")
    assert warning.endswith("raise --k")


def test_suspected_positives_that_are_left_out_are_the_reason():
    (warning,) = sentences(suspected=30)
    assert warning == (
        "all positives of 30 of 130 queries are suspected, and these queries are not written"
    )
    (warning,) = sentences(rows=0, queries=0, suspected=100)
    assert warning.startswith(
        "nothing to train on: all positives of 100 of 100 queries are suspected"
    )
    assert "--drop-positives none" in warning and "too_risky" not in warning


def test_n_tuples_of_queries_that_are_short_are_named():
    (warning,) = sentences("n-tuple", num_negatives=500, rows=0, short=100)
    assert warning == (
        "nothing to train on: 5-write/n-tuple has no row. It takes only queries with 500 negatives: lower "
        "--num-negatives, or give --format triplet"
    )
    (warning,) = sentences("n-tuple", rows=40, short=60)
    assert warning.startswith("60 of 100 queries have fewer than 5 negatives, and so no row in")
    assert sentences("labeled-list", rows=40, short=60) == []


@pytest.mark.parametrize(
    "flags",
    [
        {"max_score": -1e9, "judged_negatives": "ignore"},
        {"format": "n-tuple", "num_negatives": 500},
    ],
)
def test_the_command_warns_and_ends_well(tmp_path, beir, flags):
    notes = Notes()
    negmine.mine(tmp_path / "work", data=beir, retriever="bm25", progress=notes, **flags)
    (warning,) = [note for note in notes.messages if "has no row" in note]
    assert ("above_max_score" in warning) == ("max_score" in flags)


def test_negatives_far_down_every_list_are_easy():
    assert sentences(negatives=100, deep=50) == []
    (warning,) = sentences(negatives=100, deep=51)
    assert warning.startswith("51 of 100 negatives are probably too easy")
    assert (
        "Most candidates were removed as too_close_to_positive (900, --relative-margin" in warning
    )
