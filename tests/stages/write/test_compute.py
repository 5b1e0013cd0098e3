"""Room 5: selection, the four shapes, and provenance row for row beside them."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import WriteSettings
from negmine.data.frames import frame
from negmine.data.hashing import random_draws
from negmine.stages.write import compute as write
from negmine.stages.write import shapes


def verdicts(negatives, positives=("p",), query="q"):
    """Return verdicts of one query: (doc_id, kept) negatives in rank order."""
    rows = len(negatives)
    return pl.DataFrame(
        {
            "query_id": [query] * (rows + len(positives)),
            "doc_id": [*(doc for doc, _ in negatives), *positives],
            "label": ["unlabeled"] * rows + ["positive"] * len(positives),
            "rank": pl.Series([*range(1, rows + 1), *[None] * len(positives)], dtype=pl.Int32),
            "score": pl.Series([0.5] * rows + [None] * len(positives), dtype=pl.Float32),
            "bm25_rank": pl.Series([*range(1, rows + 1), *[None] * len(positives)], dtype=pl.Int32),
            "bm25_score": pl.Series([1.0] * (rows + len(positives)), dtype=pl.Float32),
            "positive_score": pl.Series([1.0] * (rows + len(positives)), dtype=pl.Float32),
            "kept": [is_kept for _, is_kept in negatives] + [False] * len(positives),
        }
    )


TWO = verdicts([("a", True), ("b", False), ("c", True), ("d", True)], ("p1", "p2"))
NONE = verdicts([("a", False)], ("p",), "lonely")
DATA = pl.concat([TWO, NONE])
QUERIES = pl.DataFrame({"query_id": ["q", "lonely"], "text": ["Q", "L"]})
DOCUMENTS = pl.DataFrame({"doc_id": [*"abcd", "p", "p1", "p2"], "text": [*"ABCD", "P", "P1", "P2"]})


def written(data=DATA, **options):
    settings = WriteSettings(**options)
    rows = write.rows(data, settings, ["bm25"], ["bm25"])
    needed = DOCUMENTS.join(shapes.document_ids(rows).to_frame(), on="doc_id", how="semi")
    texts = shapes.training_table(shapes.training(rows, QUERIES, needed, settings), settings)
    provenance = write.provenance_table(rows, ["bm25"], settings)
    assert texts.num_rows == provenance.num_rows
    return frame(texts), frame(provenance)


def test_triplets_pair_every_positive_with_every_negative():
    texts, provenance = written(num_negatives=2)
    assert texts.rows() == [("Q", "P1", "A"), ("Q", "P1", "C"), ("Q", "P2", "A"), ("Q", "P2", "C")]
    assert texts.columns == ["anchor", "positive", "negative"]
    assert provenance.select("positive_id", "negative_id", "rank").rows() == [
        ("p1", "a", 1), ("p1", "c", 3), ("p2", "a", 1), ("p2", "c", 3)
    ]  # fmt: skip
    assert provenance["retrievers"].to_list() == [["bm25"]] * 4


def test_n_tuples_leave_out_queries_that_are_short():
    texts, provenance = written(num_negatives=3, format="n-tuple")
    assert texts.columns == ["anchor", "positive", "negative_1", "negative_2", "negative_3"]
    assert texts.rows() == [("Q", "P1", "A", "C", "D"), ("Q", "P2", "A", "C", "D")]
    assert provenance["negative_id"].to_list() == [["a", "c", "d"]] * 2
    assert written(num_negatives=4, format="n-tuple")[0].height == 0


def test_labeled_pairs_have_each_positive_then_each_negative_once():
    texts, provenance = written(num_negatives=2, format="labeled-pair")
    assert texts.rows() == [
        ("Q", "P1", 1), ("Q", "P2", 1), ("Q", "A", 0), ("Q", "C", 0), ("L", "P", 1)
    ]  # fmt: skip
    assert provenance["positive_id"].to_list() == ["p1", "p2", None, None, "p"]
    assert provenance["negative_id"].to_list() == [None, None, "a", "c", None]


def test_labeled_lists_start_with_the_positive_and_keep_short_rows():
    texts, provenance = written(num_negatives=5, format="labeled-list")
    assert texts.rows() == [
        ("Q", ["P1", "A", "C", "D"], [1, 0, 0, 0]),
        ("Q", ["P2", "A", "C", "D"], [1, 0, 0, 0]),
    ]
    assert provenance["rank"].to_list() == [[1, 3, 4]] * 2


@pytest.mark.parametrize("shape", ["triplet", "n-tuple", "labeled-pair", "labeled-list"])
def test_nothing_to_write_keeps_the_schema(shape):
    texts, _ = written(DATA.clear(), format=shape)
    full, _ = written(DATA, format=shape)
    assert texts.height == 0
    assert texts.schema == full.schema


def test_short_queries_are_listed_with_what_they_got():
    rows = frame(write.short_table(write.short(DATA, WriteSettings(num_negatives=4))))
    assert rows.rows() == [("q", 4, 4, 3), ("lonely", 1, 4, 0)]


many = verdicts([(f"d{i:02d}", True) for i in range(30)])


def chosen(data=many, **options):
    settings = WriteSettings(sampling="random", num_negatives=5, **options)
    return write.selected(data, settings)["doc_id"].to_list()


@given(st.integers(0, 2**31))
def test_random_sampling_draws_distinct_survivors_from_the_pool(seed):
    drawn = chosen(pool=10, seed=seed)
    assert len(set(drawn)) == 5
    assert set(drawn) <= {f"d{i:02d}" for i in range(10)}
    assert drawn == sorted(drawn), "best rank first"
    assert drawn == chosen(pool=10, seed=seed)


def test_a_draw_depends_on_the_seed_but_not_on_other_queries():
    other = pl.concat([many.with_columns(query_id=pl.lit("z")), many])
    both = write.selected(other, WriteSettings(sampling="random", num_negatives=5, pool=30))
    assert both.filter(pl.col("query_id") == "q")["doc_id"].to_list() == chosen(pool=30)
    assert len({tuple(chosen(pool=30, seed=seed)) for seed in range(20)}) > 15


def test_random_draws_are_uniform_over_the_pool():
    data = pl.concat([many.with_columns(query_id=pl.lit(f"q{i}")) for i in range(600)])
    drawn = write.selected(data, WriteSettings(sampling="random", num_negatives=5, pool=30))
    counts = drawn["doc_id"].value_counts()["count"]
    assert len(counts) == 30
    # binomial(600, 1/6): mean 100, standard deviation 9.1; five of them either way
    assert counts.min() > 55
    assert counts.max() < 145


def test_the_draws_are_the_same_on_every_machine():
    draws = random_draws(pl.Series("query_id", ["q", "q"]), pl.Series([0, 1]), 13)
    assert draws.tolist() == [10048372074513014710, 8767900265002502666]


def test_survivors_may_come_in_the_order_of_a_score():
    data = DATA.with_columns(
        bm25_score=pl.col("doc_id").replace_strict({"a": 1, "c": 3, "d": 2}, default=0)
    )
    _, provenance = written(data, num_negatives=2, order="bm25")
    assert provenance["negative_id"].to_list() == ["c", "d", "c", "d"]
