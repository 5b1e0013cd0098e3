"""Which retrievers agree, and what each brings: by hand, and counted from the tables in another way."""

import shutil
from types import SimpleNamespace

import polars as pl
import pytest

import negmine
from negmine.analysis.report.render import html
from negmine.analysis.report.sections.agreement import FINDERS, shared
from negmine.storage.workdir import Workdir
from tests.conftest import QRELS, write_beir, write_vectors

MORE = [*QRELS, ("q4", "py-2", 1), ("q1", "tea-5", 1)]


def hits(*docs_of_queries):
    rows = [
        (f"q{number}", doc, rank)
        for number, docs in enumerate(docs_of_queries)
        for rank, doc in enumerate(docs, start=1)
    ]
    schema = {"query_id": pl.String, "doc_id": pl.String, "rank": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_jaccard_by_hand():
    """q0: b and c of a, b, c, d. q1: nothing of x, y, z. q2: nobody has a hit, so it does not count."""
    one, other = hits("abc", "x", ""), hits("bcd", "yz", "")
    assert shared(one, other, (1, 3)).rows() == [(2, 0.0, 0.5)]
    assert shared(one, one, (1, 3)).rows() == [(2, 2.0, 2.0)]
    assert shared(one, hits("abc"), (2,)).rows() == [(2, 1.0)]


def test_what_a_judge_decided_is_counted_for_each_retriever_that_found_it():
    """bm25 found three, of which one is relevant and one undecided; dense found the relevant one alone."""
    rows = pl.DataFrame(
        {
            "judge_verdict": ["relevant", "not_relevant", "abstained", None],
            "bm25_rank": [1, 2, 3, None],
            "dense_rank": [4, None, None, 5],
        }
    )
    counted = FINDERS.of_part(rows, SimpleNamespace(retrievers=["bm25", "dense"]))["judged"]
    assert counted.rows() == [("bm25", 2, 1), ("dense", 1, 1)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = write_beir(tmp_path_factory.mktemp("agreement") / "data", qrels=MORE)
    return {"data": folder, **write_vectors(folder), "no_risk": True, "k": 6}


@pytest.fixture(scope="module", params=["union", "intersection", "dense"])
def example(request, data, tmp_path_factory):
    work = tmp_path_factory.mktemp("agreement") / "w"
    negmine.mine(work, candidates=request.param, **data)
    return work, negmine.report(work)


def ranked(work, name, depth):
    rows = Workdir(work).scan(f"2-retrieve/{name}").filter(pl.col("rank") <= depth).collect()
    return {query: set(docs) for query, docs in rows.group_by("query_id").agg("doc_id").iter_rows()}


def run_of(work, name):
    return next(
        path.name for path in sorted((work / "2-retrieve").iterdir()) if path.name.startswith(name)
    )


def test_agreement_is_that_of_the_runs_whatever_the_candidates(example):
    work, report = example
    (pair,) = report.agreement
    assert (pair.one, pair.other) == ("bm25", "dense")
    for depth, found in ((10, pair.jaccard_10), (6, pair.jaccard_k)):
        ours, theirs = (ranked(work, run_of(work, name), depth) for name in ("bm25", "dense"))
        queries = ours.keys() | theirs.keys()
        values = [
            len(ours.get(q, set()) & theirs.get(q, set()))
            / len(ours.get(q, set()) | theirs.get(q, set()))
            for q in queries
        ]
        assert pair.queries == len(queries)
        assert found == pytest.approx(sum(values) / len(values), rel=1e-5)


def test_what_each_retriever_brings_is_what_the_tables_say(example):
    work, report = example
    verdicts = Workdir(work).scan("4-filter/verdicts").collect()
    for one, other in (("bm25", "dense"), ("dense", "bm25")):
        told = next(f for f in report.retrievers if f.retriever == one)
        rows = verdicts.filter(pl.col(f"{one}_rank").is_not_null())
        alone = rows.filter(pl.col(f"{other}_rank").is_null())
        positive = pl.col("label") == "positive"
        assert told.candidates == rows.filter(~positive).height
        assert told.candidates_alone == alone.filter(~positive).height
        assert told.positives_alone == alone.filter(positive).height
        assert told.recall == next(r for r in report.recall if r.retriever == one).at[-1].recall
        assert told.judged == told.judged_relevant == 0


def test_the_leak_by_retriever_is_the_sum_of_that_by_ranks(example):
    work, report = example
    ranks = negmine.leak(work)["by_rank"]
    assert [row.model_dump() for row in report.leak.by_rank] == ranks
    for told in report.retrievers:
        own = [row for row in ranks if row["retriever"] == told.retriever]
        assert told.hidden == sum(row["hidden"] for row in own)
        assert told.leaked == sum(row["leaked"] for row in own)
        selected = sum(row["selected"] for row in own)
        assert told.leak == pytest.approx(told.leaked / selected, rel=1e-5)
    assert any(told.hidden for told in report.retrievers)
    unmeasured = negmine.report(work, leak=False).retrievers
    assert {(told.hidden, told.leaked, told.leak) for told in unmeasured} == {(None, None, None)}


def test_the_page_has_a_table_of_each_and_none_where_there_is_one_retriever(data, tmp_path):
    alone = {name: value for name, value in data.items() if "vectors" not in name}
    work = negmine.mine(tmp_path / "w", **alone | {"retriever": ["bm25"]}).work
    report = negmine.report(work, leak=False)
    assert report.agreement == []
    assert [told.candidates_alone for told in report.retrievers] == [
        report.retrievers[0].candidates
    ]
    page = html(report)
    assert "What each retriever brings" in page
    assert "Do the retrievers agree?" not in page


def test_a_run_that_is_gone_leaves_the_agreement_open(data, tmp_path):
    work = negmine.mine(tmp_path / "w", **data).work
    shutil.rmtree(work / "2-retrieve" / "bm25")
    (pair,) = negmine.report(work, leak=False).agreement
    assert (pair.queries, pair.jaccard_10, pair.jaccard_k) == (None, None, None)
