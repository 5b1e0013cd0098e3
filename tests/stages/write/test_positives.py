"""Which positives are written, and negatives of each positive's own."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import WriteSettings
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.positives import positives
from tests.stages.write.build import VERDICTS, verdicts, written
from tests.stages.write.sampling.build import rows
from tests.stages.write.sampling.build import verdicts as drawn_verdicts


def of(data, **settings):
    return positives(data, WriteSettings(**settings), "dense")["positive_id"].to_list()


THREE = rows([0.4, 0.9, None, 0.9], label=["positive"] * 4, kept=[False] * 4)


def test_best_is_the_positive_with_the_highest_score_and_ties_go_by_doc_id():
    assert of(THREE) == ["d00", "d01", "d02", "d03"]
    assert of(THREE, positives="best") == ["d01"]
    assert of(THREE.filter(pl.col("doc_id") != "d01"), positives="best") == ["d03"]
    assert of(THREE.filter(pl.col("doc_id") == "d02"), positives="best") == ["d02"]


@given(st.integers(0, 999))
def test_a_sample_is_one_positive_and_depends_on_its_query_alone(seed):
    both = pl.concat([THREE.with_columns(query_id=pl.lit("z")), THREE])
    chosen = positives(both, WriteSettings(positives="sample", seed=seed), "dense")
    assert chosen["query_id"].to_list() == ["z", "q"]
    assert chosen["positive_id"][1] == of(THREE, positives="sample", seed=seed)[0]
    assert of(THREE.reverse(), positives="sample", seed=seed)[0] == chosen["positive_id"][1]


def test_every_positive_is_sampled_some_time():
    assert {of(THREE, positives="sample", seed=seed)[0] for seed in range(40)} == set(of(THREE))


FIVE = verdicts([(doc, True) for doc in "abcde"], ("p1", "p2"))


def test_negatives_are_dealt_to_positives_one_by_one():
    _, about = written(FIVE, documents=TEXTS, num_negatives=2, per="positive")
    assert about.select("query_id", "positive_id", "negative_id").rows() == [
        ("q", "p1", "a"), ("q", "p1", "c"), ("q", "p2", "b"), ("q", "p2", "d"),
    ]  # fmt: skip


def test_what_is_not_enough_for_all_is_dealt_as_evenly_as_can_be():
    _, about = written(VERDICTS, num_negatives=9, per="positive")
    assert about.select("positive_id", "negative_id").rows() == [
        ("p1", "a"), ("p1", "d"), ("p2", "c")
    ]  # fmt: skip


TEXTS = pl.DataFrame({"doc_id": [*"abcde", "p1", "p2"], "text": [*"ABCDE", "P1", "P2"]})


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_have_negatives_per_positive(name):
    rows_, about = written(FIVE, documents=TEXTS, num_negatives=2, per="positive", format=name)
    assert rows_.height == about.height > 0
    assert set(about["query_id"]) == {"q"}
    flat = about.explode("negative_id") if FORMATS[name].has_lists else about
    assert flat["negative_id"].drop_nulls().to_list() == ["a", "c", "b", "d"]


@given(drawn_verdicts(), st.integers(1, 3), st.integers(0, 9))
def test_a_document_is_never_a_negative_of_two_positives_of_a_query(data, count, seed):
    documents = pl.DataFrame({"doc_id": data["doc_id"].unique(), "text": data["doc_id"].unique()})
    queries = pl.DataFrame({"query_id": data["query_id"].unique()}).with_columns(text="query_id")
    _, about = written(
        data, queries, documents, num_negatives=count, per="positive", sampling="random", seed=seed
    )
    pairs = about.select("query_id", "negative_id")
    assert pairs.is_unique().all()
    counts = about.group_by("query_id", "positive_id").len()["len"]
    assert counts.is_empty() or counts.max() <= count
