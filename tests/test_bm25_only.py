"""BM25 alone, end to end: languages without spaces, the reference engine, no score of zero."""

import polars as pl
import pytest

import negmine
from negmine.storage.workdir import Workdir
from tests.conftest import write_beir


def runs(work):
    return Workdir(work).scan("2-retrieve/bm25").collect()


def ids(run, query):
    return run.filter(pl.col("query_id") == query).sort("rank")["doc_id"].to_list()


def test_japanese_and_thai_are_found_inside_an_english_corpus(tmp_path, beir):
    result = negmine.mine(tmp_path / "work", data=beir, retriever=["bm25"])
    run = runs(result.work)
    assert ids(run, "q5")[0] == "jp-1"
    assert "jp-2" in ids(run, "q5")
    assert "jp-3" not in ids(run, "q5")[:2]
    assert ids(run, "q6")[0] == "th-1"


@pytest.mark.parametrize("engine", ["bm25s", "rank-bm25"])
def test_no_hit_has_a_score_of_zero(tmp_path, beir, engine):
    result = negmine.mine(tmp_path / "work", data=beir, retriever=["bm25"], bm25_engine=engine)
    run = runs(result.work)
    assert run.height > 0
    assert (run["score"] > 0).all()


def test_both_engines_give_the_same_training_file(tmp_path, beir):
    same = {"data": beir, "retriever": ["bm25"], "bm25_variant": "okapi"}
    one = negmine.mine(tmp_path / "one", **same)
    other = negmine.mine(tmp_path / "other", bm25_engine="rank-bm25", **same)
    left, right = runs(one.work), runs(other.work)
    assert left.drop("score").equals(right.drop("score"))
    assert left["score"].to_list() == pytest.approx(right["score"].to_list(), abs=1e-4)
    written = [pl.read_parquet(r.work / "5-write/triplet/*.parquet") for r in (one, other)]
    assert written[0].equals(written[1])


def test_a_stemmer_finds_other_forms_of_a_word(tmp_path):
    data = write_beir(tmp_path / "data", queries={"q": "dictionary"}, qrels=[("q", "py-1", 1)])
    plain = negmine.mine(tmp_path / "plain", data=data, retriever=["bm25"])
    stemmed = negmine.mine(tmp_path / "stem", data=data, retriever=["bm25"], stemmer="english")
    assert ids(runs(plain.work), "q") == []
    assert ids(runs(stemmed.work), "q") == ["py-3"]  # which says "Dictionaries"


def test_without_vectors_likeness_is_that_of_word_3_grams(tmp_path, beir):
    flags = {"data": beir, "retriever": ["bm25"], "near_duplicate": 0.6}
    result = negmine.mine(tmp_path / "work", **flags)
    verdicts = Workdir(result.work).scan("4-filter/verdicts").collect()
    almost = verdicts.filter(pl.col("query_id") == "q1", pl.col("doc_id") == "tea-3")
    assert almost["reason"].to_list() == ["near_duplicate_of_positive"]
    assert 0.6 <= almost["positive_similarity"][0] < 0.95
