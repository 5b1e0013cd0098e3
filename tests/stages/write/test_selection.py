"""Which kept candidates become negatives: the best, or a draw that nothing else can change."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from negmine.data.hashing import random_draws
from negmine.stages.write.selection import ordered, selected
from tests.stages.write.build import VERDICTS, selection, verdicts

THIRTY = verdicts([(f"d{i:02d}", True) for i in range(30)])


def drawn(data=THIRTY, **options):
    how = selection(sampling="random", num_negatives=5, **options)
    return selected(data, how)["doc_id"].to_list()


def test_top_takes_the_best_ranked_of_each_query():
    chosen = selected(VERDICTS, selection(num_negatives=2))
    assert chosen.select("query_id", "doc_id").rows() == [("q", "a"), ("q", "c")]


@given(st.integers(0, 2**31))
def test_random_sampling_draws_distinct_kept_candidates_from_the_pool(seed):
    first = drawn(pool=10, seed=seed)
    assert len(set(first)) == 5
    assert set(first) <= {f"d{i:02d}" for i in range(10)}
    assert first == sorted(first), "best rank first"
    assert first == drawn(pool=10, seed=seed)


def test_a_draw_depends_on_the_seed_but_not_on_other_queries():
    other = pl.concat([THIRTY.with_columns(query_id=pl.lit("z")), THIRTY])
    both = selected(other, selection(sampling="random", num_negatives=5, pool=30))
    assert both.filter(pl.col("query_id") == "q")["doc_id"].to_list() == drawn(pool=30)
    assert len({tuple(drawn(pool=30, seed=seed)) for seed in range(20)}) > 15


def test_random_draws_are_uniform_over_the_pool():
    data = pl.concat([THIRTY.with_columns(query_id=pl.lit(f"q{i}")) for i in range(600)])
    chosen = selected(data, selection(sampling="random", num_negatives=5, pool=30))
    counts = chosen["doc_id"].value_counts()["count"]
    assert len(counts) == 30
    # binomial(600, 1/6): mean 100, standard deviation 9.1; five of them either way
    assert counts.min() > 55
    assert counts.max() < 145


def test_the_draws_are_the_same_on_every_machine():
    draws = random_draws(pl.Series("query_id", ["q", "q"]), pl.Series([0, 1]), 13)
    assert draws.tolist() == [10048372074513014710, 8767900265002502666]


def test_order_takes_the_best_by_a_score_and_breaks_ties_by_document():
    scores = {"a": 1.0, "c": 3.0, "d": 3.0}
    data = VERDICTS.with_columns(
        bm25_score=pl.col("doc_id").replace_strict(scores, default=None, return_dtype=pl.Float32)
    )
    chosen = selected(data, selection(num_negatives=3, order="bm25"))
    assert chosen["doc_id"].to_list() == ["c", "d", "a"]


def test_rows_without_the_score_come_last_and_queries_stay_where_they_are():
    data = pl.DataFrame(
        {
            "query_id": ["z", "z", "z", "a", "a"],
            "doc_id": ["x", "y", "w", "v", "u"],
            "bm25_score": [None, 1.0, 2.0, 0.5, 0.7],
        }
    )
    assert ordered(data, "bm25", people_first=False)["doc_id"].to_list() == [
        "w",
        "y",
        "x",
        "u",
        "v",
    ]
    assert ordered(data, "fused", people_first=False).equals(data)


def test_what_people_judged_not_relevant_comes_first_if_asked():
    data = pl.DataFrame(
        {
            "query_id": ["p", "q", "q", "q", "q"],
            "doc_id": ["z", "a", "b", "c", "d"],
            "label": ["unlabeled", "unlabeled", "judged_negative", "unlabeled", "judged_negative"],
            "bm25_score": [1.0, 4.0, 1.0, 9.0, 2.0],
            "kept": [True] * 5,
        }
    )
    assert ordered(data, "fused", people_first=True)["doc_id"].to_list() == list("zbdac")
    assert ordered(data, "bm25", people_first=True)["doc_id"].to_list() == list("zdbca")
    assert ordered(data, "bm25", people_first=False)["doc_id"].to_list() == list("zcadb")
    chosen = selected(data, selection(num_negatives=2, people_first=True))
    assert chosen["doc_id"].to_list() == list("zbd")
