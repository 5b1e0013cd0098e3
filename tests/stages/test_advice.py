"""Notes on settings that do less than they seem to."""

from negmine.stages.advice import of_judge, of_rerank, of_thresholds
from tests.configs import resolve

RERANK = {"retriever": ["bm25"], "rerank_model": "some.module:make"}


def notes(removed=None, **flags):
    return list(of_rerank(resolve(RERANK | flags), removed or {}))


def test_scores_of_a_reranker_that_no_rule_reads_are_noted():
    assert len(notes()) == 1
    assert "no rule reads the scores" in notes()[0]


def test_a_reader_is_enough():
    readers = (
        {"score": "rerank"}, {"max_risk": 0.1}, {"order": "rerank"}, {"max_signal": ["rerank_z=2"]},
    )  # fmt: skip
    assert [notes(**reader) for reader in readers] == [[]] * len(readers)


def test_candidates_below_the_depth_are_explained():
    flags = {"score": "rerank", "rerank_depth": 10}
    assert notes({"not_scored": 8434}, **flags)[0].startswith("8,434 candidates are not_scored")
    assert notes({}, **flags) == []


def thresholds(own_share=None, **flags):
    return list(of_thresholds(resolve(flags), own_share))


def test_rules_without_a_threshold_are_noted():
    assert thresholds(retriever=["bm25"])[0].startswith("no threshold is in force")
    with_one = ({"max_risk": 0.1}, {"max_score": 3.0}, {"iqr": 1.5}, {"same_parent": "thread"})
    assert [thresholds(retriever=["bm25"], **flags) for flags in with_one] == [[]] * len(with_one)
    assert thresholds(0.4) == []  # with vectors, a margin and the risk are on


def test_a_risk_without_positives_of_its_own_is_noted():
    assert "built-in weights alone" in thresholds(0.0)[0]
    assert thresholds(0.0, no_risk=True) == []


def test_a_judge_that_mostly_gives_no_verdict_is_noted():
    verdicts = {"abstained": 6, "relevant": 4}
    (note,) = of_judge({"judged": 10, "judge_verdicts": verdicts}, "w")
    assert note.startswith("the judge gave no verdict on 6 of 10 documents. negmine judge-check w")
    assert list(of_judge({"judged": 10, "judge_verdicts": {"abstained": 5}}, "w")) == []
    assert list(of_judge({}, "w")) == []
