"""Rules over opinions: other queries, guides. The judge's are in tests/scorers/judge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stages.filter.rules.deciding import decide, kept


def test_a_guide_suspects_what_it_scores_above_its_own_anchor():
    """Row 2 of methods' GISTEmbed example: t = .70, ties stay."""
    opinions = {"guide": [0.70, 0.70, 0.71, 0.69]}
    decided = decide([0.1, 0.1, 0.1], opinions=opinions, guide_model=("g",))
    assert decided["reason"].to_list()[1:] == [None, "suspected_by_guide", None]
    assert decided["guide_rank"].to_list() == [3, 2, 1, 4]


@pytest.mark.parametrize(
    ("kind", "margin", "expected"),
    [
        ("relative", 0.0, ["d1", "d2", "d3"]),
        ("relative", 0.1, ["d2", "d3"]),
        ("absolute", 0.1, ["d2", "d3"]),
        ("absolute", 0.3, ["d3"]),
        ("relative", -0.5, ["d0", "d1", "d2", "d3"]),
    ],
)
def test_the_guides_margin_may_be_relative_or_absolute(kind, margin, expected):
    opinions = {"guide": [0.8, 0.85, 0.75, 0.7, 0.4]}
    settings = {"guide_model": ("g",), "guide_margin": margin, "guide_margin_type": kind}
    assert kept([0.1] * 4, opinions=opinions, **settings) == expected


def test_a_guide_with_negative_scores_moves_the_threshold_down():
    opinions = {"guide": [-0.5, -0.49, -0.52, -0.53]}
    settings = {"guide_model": ("g",), "guide_margin": 0.05}
    assert kept([0.1] * 3, opinions=opinions, **settings) == ["d2"]


def test_any_of_several_guides_may_suspect():
    opinions = {"guide": [0.5, 0.6, 0.4, 0.4], "guide_2": [0.5, 0.4, 0.6, 0.4]}
    assert kept([0.1] * 3, opinions=opinions, guide_model=("a", "b")) == ["d2"]


@given(st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=8), st.floats(-1, 1, width=16))
def test_the_miner_as_its_own_guide_is_a_relative_margin_of_zero(scores, positive):
    opinions = {"guide": [positive, *scores]}
    guided = kept(scores, positive=(positive,), opinions=opinions, guide_model=("g",))
    assert guided == kept(scores, positive=(positive,), relative_margin=0.0)


def test_ranks_of_a_scorer_break_ties_by_doc_id():
    decided = decide([0.1] * 3, opinions={"rerank": [0.5, 0.7, 0.5, 0.7]})
    assert decided["rerank_rank"].to_list() == [4, 1, 3, 2]


def test_a_document_owned_by_a_similar_query_is_dropped():
    """Methods' SaHa example: document 1 is the planted false negative."""
    owners = {"owner_query_similarity": [None, 0.95, 0.30, 0.50, 0.20, None]}
    decided = decide([0.5, 0.4, 0.3, 0.2, 0.1], about=owners, owner_query=0.9)
    assert decided.filter("kept")["doc_id"].to_list() == ["d1", "d2", "d3", "d4"]
    assert decided.filter(reason="owned_by_similar_query")["doc_id"].to_list() == ["d0"]


def test_optional_rules_are_off_by_default():
    about = {
        "same_parent": [True] * 3,
        "contains_answer": [True] * 3,
        "owner_query_similarity": [1.0] * 3,
    }
    assert kept([0.9, 0.1], about=about, opinions={"guide": [0.1, 0.9, 0.9]}) == ["d0", "d1"]
