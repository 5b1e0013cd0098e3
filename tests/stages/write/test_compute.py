"""Provenance names what each row was made from, and the queries that are short are listed."""

import polars as pl

from negmine.config.settings import WriteSettings
from negmine.data.frames import frame
from negmine.stages.write import compute
from negmine.stages.write.formats.registry import FORMATS
from tests.stages.write.build import VERDICTS, selection, verdicts, written


def test_provenance_says_who_found_a_negative():
    data = VERDICTS.with_columns(
        dense_rank=pl.when(pl.col("doc_id") == "c").then(7).cast(pl.Int32),
        dense_score=pl.lit(0.5, pl.Float32),
    )
    names = ["bm25", "dense"]
    settings = WriteSettings(num_negatives=2)
    output = FORMATS["triplet"]
    rows = compute.provenance(data, selection(settings, True, names), output, names)
    about = frame(compute.provenance_table(rows, names, output))
    assert about["retrievers"].to_list() == [["bm25"], ["bm25", "dense"]] * 2
    assert about["dense_rank"].to_list() == [None, 7] * 2
    assert about["positive_score"].to_list() == [1.0] * 4
    assert about["positive_label"].to_list() == ["positive"] * 4


def test_negatives_come_in_the_order_that_is_asked_for():
    scores = {"a": 1, "c": 3, "d": 2}
    data = VERDICTS.with_columns(bm25_score=pl.col("doc_id").replace_strict(scores, default=0))
    _, about = written(data, num_negatives=2, order="bm25")
    assert about["negative_id"].to_list() == ["c", "d", "c", "d"]


def test_relabel_writes_what_the_judge_calls_relevant_behind_the_positives_of_qrels():
    data = VERDICTS.with_columns(
        reason=pl.when(pl.col("doc_id") == "b").then(pl.lit("judged_relevant"))
    )
    documents = pl.DataFrame({"doc_id": ["a", "b", "p1", "p2"], "text": ["A", "B", "P1", "P2"]})
    options = {"num_negatives": 1, "documents": documents}
    rows, about = written(data, relabel=True, **options)
    assert rows["positive"].to_list() == ["P1", "P2", "B"]
    assert about["positive_label"].to_list() == ["positive", "positive", "judged_positive"]
    rows, _ = written(data, **options)
    assert rows["positive"].to_list() == ["P1", "P2"]


def test_each_document_is_read_once():
    rows = pl.DataFrame({"positive_id": ["p", "p", None], "negative_id": ["a", "b", "a"]})
    assert sorted(compute.document_ids(rows)) == ["a", "b", "p"]
    lists = pl.DataFrame({"positive_id": ["p", "p"], "negative_id": [["a", "b"], ["a"]]})
    assert sorted(compute.document_ids(lists)) == ["a", "b", "p"]


def test_short_queries_are_listed_with_what_they_got():
    rows = frame(compute.short_table(compute.short(VERDICTS, selection(num_negatives=4))))
    assert rows.rows() == [("q", 4, 4, 3), ("lonely", 1, 4, 0)]
    assert compute.count_short(rows.lazy()) == {
        "queries_short": 2, "queries_without_negatives": 1, "negatives_missing": 5
    }  # fmt: skip


def test_a_query_with_enough_negatives_is_not_short():
    data = verdicts([("a", True), ("b", True)])
    assert compute.short(data, selection(num_negatives=2)).is_empty()
