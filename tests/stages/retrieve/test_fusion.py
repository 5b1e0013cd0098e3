"""Fusion: worked examples, and what holds for every set of runs."""

from itertools import permutations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.fusion import Fusion
from negmine.stages.retrieve import compute as retrieve
from tests.properties import share

NAMES = ["bm25", "dense", "third"]
NO_POSITIVES = pl.DataFrame(schema={"query_id": pl.String, "doc_id": pl.String})
DOCS = [f"d{number}" for number in range(9)]


def run(scores):
    """Return a run of one query: doc_id to score, ranked by (-score, doc_id)."""
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return pl.DataFrame(
        {
            "query_id": ["q"] * len(ordered),
            "doc_id": [doc for doc, _ in ordered],
            "rank": range(1, len(ordered) + 1),
            "score": [score for _, score in ordered],
        },
        schema={
            "query_id": pl.String,
            "doc_id": pl.String,
            "rank": pl.Int32,
            "score": pl.Float32,
        },
    )


def candidates(runs, fusion, positives=()):
    qrels = pl.DataFrame(
        [("q", doc, 1) for doc in positives],
        schema={"query_id": pl.String, "doc_id": pl.String, "relevance": pl.Int32},
        orient="row",
    )
    queries = pl.DataFrame({"query_id": ["q"], "text": ["?"]})
    made = {name: run(scores) for name, scores in runs.items()}
    return retrieve.candidates(made, qrels, queries, 1, fusion)


def fused(runs, fusion, positives=()):
    """Return doc_id to fused score, in the order of the fused list."""
    rows = candidates(runs, fusion, positives).filter(pl.col("rank").is_not_null())
    assert rows["rank"].to_list() == list(range(1, rows.height + 1))
    return dict(rows.select("doc_id", "score").iter_rows())


def listed(scores):
    """Return documents 0, 1, 2 ... with these scores."""
    return {str(number): score for number, score in enumerate(scores)}


# Weaviate's own tests of relativeScoreFusion: weights, scores of documents 0, 1, 2, and what comes out
WEAVIATE = [
    ((0.5, 0.5), (1, 2, 3), (0, 1, 2), {"2": 1, "1": 0.5, "0": 0}),
    ((0.5, 0.5), (0, 2, 0.1), (0, 0.2, 2), {"1": 0.55, "2": 0.525, "0": 0}),
    ((0.75, 0.25), (0.5, 0.5, 0), (0, 0.01, 0.001), {"1": 1, "0": 0.75, "2": 0.025}),
    ((0.75, 0.25), (1,), (), {"0": 0.75}),
    ((0.75, 0.25), (), (1,), {"0": 0.25}),
]


@pytest.mark.parametrize(("weights", "first", "second", "expected"), WEAVIATE)
def test_relative_scores_are_those_of_weaviate(weights, first, second, expected):
    runs = {"bm25": listed(first), "dense": listed(second)}
    found = fused(runs, Fusion("relative-score", weights=dict(zip(NAMES, weights, strict=False))))
    assert list(found) == list(expected)
    assert found == pytest.approx(expected)


def test_one_score_for_all_hits_is_the_highest_not_a_division_by_zero():
    found = fused({"bm25": {"a": 3.0, "b": 3.0}, "dense": {"b": 0.1}}, Fusion("relative-score"))
    assert found == {"b": 2.0, "a": 1.0}


def test_relative_scores_belong_to_a_query_alone():
    """The lowest hit of each query gives 0, though the other query's scores lie elsewhere."""
    low, high = run({"a": 1.0, "b": 2.0}), run({"a": 70.0, "b": 90.0})
    both = pl.concat([low, high.with_columns(query_id=pl.lit("p"))])
    rows = retrieve.fuse({"bm25": both}, NO_POSITIVES, Fusion("relative-score"))
    assert sorted(rows["score"].to_list()) == [0, 0, 1, 1]


def test_a_smaller_k_lets_first_ranks_count_more():
    """a: first and far; b: second twice. With k = 60 b is ahead, with k = 0 a is."""
    far = {f"x{number}": 9.0 - number for number in range(5)}
    runs = {"bm25": {"a": 99.0, "b": 98.0}, "dense": {**far, "b": 8.5, "a": 1.0}}
    assert list(fused(runs, Fusion()))[:1] == ["b"]
    first = fused(runs, Fusion(rrf_k=0))
    assert first["a"] == pytest.approx(1 + 1 / 7)
    assert first["b"] == pytest.approx(1 / 2 + 1 / 2)


def test_weights_count_by_hand():
    runs = {"bm25": {"a": 9.0, "b": 8.0}, "dense": {"b": 0.9, "c": 0.8}}
    found = fused(runs, Fusion(weights={"dense": 3.0}))
    expected = {"b": 1 / 62 + 3 / 61, "c": 3 / 62, "a": 1 / 61}
    assert list(found) == list(expected)
    assert found == pytest.approx(expected)


def at_ranks(**ranks):
    """Return the scores of a run of 7 hits in which these documents stand at these ranks."""
    docs = {rank: doc for doc, rank in ranks.items()}
    return {docs.get(rank, f"x{rank}"): 10.0 - rank for rank in range(1, 8)}


@pytest.mark.parametrize("names", list(permutations(NAMES)))
def test_the_same_ranks_are_a_tie_whatever_their_order(names):
    """1/67 + 1/62 + 1/61 and 1/61 + 1/67 + 1/62 differ in the last bit where they are added as they come."""
    lists = [at_ranks(a=7, b=1), at_ranks(a=2, b=7), at_ranks(a=1, b=2)]
    by_name = dict(zip(NAMES, lists, strict=True))
    rows = retrieve.fuse({n: run(by_name[n]) for n in names}, NO_POSITIVES, Fusion())
    scores = dict(rows.select("doc_id", "score").iter_rows())
    assert scores["a"] == scores["b"] == (1 / 67 + 1 / 62) + 1 / 61


SHARED = {"bm25": {"a": 9.0, "b": 8.0, "p": 7.0}, "dense": {"b": 0.9, "c": 0.8}}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("union", ["b", "a", "c", "p"]),
        ("intersection", ["b"]),
        ("bm25", ["b", "a", "p"]),
        ("dense", ["b", "c"]),
    ],
)
def test_candidates_are_all_those_of_every_retriever_or_those_of_one(choice, expected):
    assert list(fused(SHARED, Fusion(candidates=choice), positives=["p"])) == expected


@pytest.mark.parametrize("choice", ["union", "intersection", "bm25", "dense"])
def test_a_positive_keeps_its_row_and_its_ranks_whatever_is_chosen(choice):
    rows = candidates(SHARED, Fusion(candidates=choice), positives=["p", "lost"])
    positives = rows.filter(pl.col("label") == "positive").sort("doc_id")
    assert positives["doc_id"].to_list() == ["lost", "p"]
    assert positives["bm25_rank"].to_list() == [None, 3]
    has_place = choice in ("union", "bm25")
    assert positives["rank"].is_not_null().to_list() == [False, has_place]


def test_scores_are_put_between_0_and_1_over_candidates_alone():
    """bm25 also has x, which is no candidate: so its lowest score among candidates is 8."""
    runs = {"bm25": {"a": 10.0, "b": 8.0, "c": 9.0, "x": 1.0}, "dense": dict.fromkeys("abc", 0.5)}
    found = fused(runs, Fusion("relative-score", candidates="intersection"))
    assert found == {"a": 2.0, "c": 1.5, "b": 1.0}


SCORES = st.dictionaries(
    st.sampled_from(DOCS), st.floats(-4, 4, width=16).map(lambda x: x + 0.0), max_size=8
)
RUNS = st.dictionaries(st.sampled_from(NAMES), SCORES, min_size=1).filter(lambda r: any(r.values()))
METHODS = st.sampled_from(["rrf", "relative-score"])
FUSIONS = st.builds(
    Fusion,
    METHODS,
    st.integers(0, 100),
    st.fixed_dictionaries({name: st.floats(0, 3, width=16) for name in NAMES}),
    st.sampled_from(["union", "intersection"]),
)
SOME = share(0.5)


@SOME
@given(SCORES, METHODS, st.integers(0, 99), st.floats(0.5, 3), st.sampled_from(["union", "bm25"]))
def test_fusion_of_one_retriever_keeps_its_order(scores, method, k, weight, choice):
    found = fused({"bm25": scores}, Fusion(method, k, {"bm25": weight}, choice))
    assert list(found) == run(scores)["doc_id"].to_list()


@SOME
@given(RUNS, FUSIONS, st.randoms(use_true_random=False))
def test_the_order_of_retrievers_changes_nothing_not_even_a_bit(runs, fusion, random):
    names = list(runs)
    random.shuffle(names)
    again = fused({name: runs[name] for name in names}, fusion)
    assert list(again.items()) == list(fused(runs, fusion).items())


@SOME
@given(RUNS, METHODS, st.sampled_from(NAMES))
def test_a_weight_of_0_takes_a_retrievers_say(runs, method, silent):
    """What the others found stands in their order; what it alone found comes last, by doc_id."""
    others = {name: scores for name, scores in runs.items() if name != silent}
    found = list(fused(runs, Fusion(method, weights={silent: 0.0})))
    without = fused(others, Fusion(method)) if others else {}
    above = [doc for doc, score in without.items() if score > 0]
    assert found[: len(above)] == above
    assert found[len(above) :] == sorted(found[len(above) :])


@SOME
@given(RUNS, FUSIONS)
def test_the_intersection_is_a_part_of_what_one_found_and_that_of_the_union(runs, fusion):
    chosen = {
        choice: set(fused(runs, fusion._replace(candidates=choice)))
        for choice in ("union", "intersection", *runs)
    }
    assert chosen["union"] == set().union(*runs.values())
    for name in runs:
        assert chosen["intersection"] <= chosen[name] <= chosen["union"]
        assert chosen[name] == set(runs[name])


@SOME
@given(RUNS, FUSIONS)
def test_what_both_ways_of_fusing_find_is_the_same(runs, fusion):
    both = [set(fused(runs, fusion._replace(method=name))) for name in ("rrf", "relative-score")]
    assert both[0] == both[1]
