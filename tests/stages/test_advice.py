"""Notes on settings that do less than they seem to."""

from negmine.stages.advice import advice
from tests.configs import resolve

RERANK = {"retriever": ["bm25"], "rerank_model": "some.module:make"}


def notes(removed=None, **flags):
    return list(advice(resolve(RERANK | flags), removed or {}))


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
