"""The numbers of a report against what the tables say, counted in another way."""

import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.analysis.report.render import html
from negmine.analysis.report.sections.funnel import funnel
from negmine.storage.workdir import Workdir
from tests.analysis.report.conftest import mined
from tests.conftest import vector, write_beir, write_vectors


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A run over 248 real queries, with vectors made of words, a risk, and rules that fire; its report."""
    folder = tmp_path_factory.mktemp("example")
    data = Path(__file__).parents[3] / "examples" / "scifact-mini"
    with (
        gzip.open(data / "corpus.jsonl.gz", "rt") as corpus,
        (data / "queries.jsonl").open() as queries,
    ):
        for name, lines in (("documents", corpus), ("queries", queries)):
            rows = [json.loads(line) for line in lines]
            texts = [f"{row.get('title', '')} {row['text']}" for row in rows]
            np.save(folder / f"{name}.npy", np.stack([vector(text, 64) for text in texts]))
    brought = {
        "document_vectors": folder / "documents.npy",
        "query_vectors": folder / "queries.npy",
    }
    work = negmine.mine(folder / "w", data=data, k=40, **brought).work
    return work, negmine.report(work)


@pytest.fixture(scope="module")
def tables(example):
    work, _ = example
    disk = Workdir(work)
    verdicts = disk.scan("4-filter/verdicts").collect()
    written = disk.scan("5-write/provenance").select("query_id", "negative_id").unique().collect()
    pairs = written.rename({"negative_id": "doc_id"}).with_columns(written=True)
    joined = verdicts.join(pairs, on=["query_id", "doc_id"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("written").fill_null(False))


def candidates(rows):
    return rows.filter(pl.col("label") != "positive")


def test_the_funnel_adds_up_to_what_was_written(example, tables):
    _, report = example
    for before, step in zip(report.funnel, report.funnel[1:], strict=False):
        assert step.left == before.left - step.removed
    assert report.funnel[0].left == tables.height == report.totals.candidates
    assert report.funnel[-1].left == tables["written"].sum() == report.totals.negatives
    reasons = dict(tables.drop_nulls("reason")["reason"].value_counts().iter_rows())
    assert {s.name: s.removed for s in report.funnel if s.kind == "rule"} == reasons


def test_an_n_tuple_leaves_out_queries_that_are_not_full(tmp_path):
    work = mined(tmp_path, format="n-tuple", max_score=0.4)
    steps = {step.name: step for step in negmine.report(work, leak=False).funnel}
    assert steps["query_not_full"].removed > 0
    pairs = Workdir(work).scan("5-write/provenance").explode("negative_id").collect()
    assert steps["written"].left == pairs.select("query_id", "negative_id").n_unique()


@pytest.mark.parametrize("scorer", ["bm25", "dense", "risk"])
def test_distributions_are_those_of_the_scores(example, tables, scorer):
    _, report = example
    one = next(s for s in report.scorers if s.scorer == scorer)
    values = pl.col(f"{scorer}_score").cast(pl.Float64)
    anchor = values.filter(pl.col("label") == "positive").min().over("query_id")
    rows = tables.with_columns(scores=values, differences=anchor - values)
    left = candidates(rows)
    for stage in range(len(one.scores.stages)):
        reason = one.scores.stages[stage].after
        if reason:
            left = left.filter(pl.col("reason").ne_missing(reason))
        for what in ("scores", "differences"):
            logged = scorer == "risk" and what == "scores"
            check(getattr(one, what).stages[stage].candidates, left[what], rows["scores"], logged)
    assert left.height == tables["kept"].sum()
    check(one.scores.written, rows.filter("written")["scores"], rows["scores"], scorer == "risk")
    check(one.differences.written, rows.filter("written")["differences"], rows["scores"])
    ahead = (candidates(rows)["differences"].drop_nulls() < 0).mean()
    if ahead is not None:
        assert one.candidates_ahead == pytest.approx(ahead, rel=1e-4)


def check(told, values, scores, logged=False):
    known = values.drop_nulls().to_numpy()
    assert (told.count, told.missing) == (len(known), len(values) - len(known))
    assert sum(told.bins) == len(known)
    if not len(known):
        assert told.mean is told.median is None
        return
    assert told.mean == pytest.approx(known.mean(), rel=1e-4, abs=1e-6)
    assert told.std == pytest.approx(known.std(), rel=1e-3, abs=1e-5)
    assert (told.min, told.max) == pytest.approx((known.min(), known.max()), rel=1e-5)
    width = (scores.max() - scores.min()) / 2000
    if logged:
        width = scores.max() * (10 ** (5 / 2000) - 1)  # of the last bin, the widest
    known = np.sort(known)
    for share, quartile in ((0.25, told.q25), (0.5, told.median), (0.75, told.q75)):
        around = known[[max(int(np.ceil(share * len(known))) - 1, 0), int(share * len(known))]]
        assert around[0] - 1.01 * width <= quartile <= around[1] + 1.01 * width


def test_the_thresholds_in_force_are_told_and_marked(example):
    _, report = example
    told = {one.scorer: one.thresholds for one in report.scorers}
    assert told == {"bm25": {}, "dense": {"relative_margin": 0.05}, "risk": {"max_risk": 0.05}}
    page = html(report)
    assert page.count("thresholds read it") == 2
    assert "thresholds read it: --max-risk 0.05" in page
    assert "score, risk; dashed: --max-risk 0.05" in page
    risk = report.scorers[-1].scores
    assert risk.logged and not report.scorers[-1].differences.logged
    steps = np.diff(np.log10(risk.edges))
    assert steps == pytest.approx(steps[0], rel=0.01)


def test_recall_by_hand(tmp_path):
    """Two queries: one finds both positives at ranks 1 and 3, one does not find its positive at all."""
    documents = {f"d{n}": ("", text) for n, text in enumerate(
        ["red apple pie", "red apple", "red apple red apple", "blue sea", "other words"]
    )}  # fmt: skip
    queries = {"q1": "red apple", "q2": "nothing like it"}
    qrels = [("q1", "d2", 1), ("q1", "d0", 1), ("q2", "d4", 1)]
    data = write_beir(tmp_path / "d", documents, queries, qrels)
    work = negmine.mine(tmp_path / "w", data=data, retriever=["bm25"], k=5).work
    ranks = dict(
        Workdir(work).scan("2-retrieve/candidates").filter(pl.col("label") == "positive")
        .select("doc_id", "bm25_rank").collect().iter_rows()
    )  # fmt: skip
    assert (sorted(r for r in ranks.values() if r), ranks["d4"]) == ([1, 3], None)
    report = negmine.report(work, recall_floor=0.6)
    bm25 = report.recall[0]
    assert [(at.k, at.recall) for at in bm25.at] == [(1, 0.25), (5, 0.5)]
    assert (bm25.not_found, bm25.fit) == (1, False)
    assert [one.retriever for one in report.recall] == ["bm25"]  # fused is the same list
    assert [one.kind for one in report.warnings if one.kind == "recall"] == ["recall"]
    assert negmine.report(work, recall_floor=0.4).recall[0].fit


def test_origins_count_every_candidate_once(example, tables):
    _, report = example
    others = candidates(tables)
    for what, count in (("candidates", others.height), ("written", others["written"].sum())):
        assert sum(getattr(one, what) for one in report.overlap) == count
        for by in ("fused", "bm25", "dense"):
            assert sum(getattr(r, what) for r in report.ranks if r.by == by) == count
    both = others.filter(pl.col("bm25_rank").is_not_null() & pl.col("dense_rank").is_not_null())
    told = next(o for o in report.overlap if o.retrievers == ["bm25", "dense"])
    assert (told.candidates, told.kept) == (both.height, both["kept"].sum())
    first = others.filter(pl.col("dense_rank").is_between(6, 10))
    told = next(r for r in report.ranks if (r.by, r.ranks) == ("dense", "6-10"))
    assert (told.candidates, told.written) == (first.height, first["written"].sum())


def test_what_was_judged_counts_every_document_of_a_retriever_once(example, tables):
    _, report = example
    for name in ("bm25", "dense"):
        theirs = tables.filter(pl.col(f"{name}_rank").is_not_null())
        rows = [one for one in report.propensities if one.retriever == name]
        assert sum(one.documents for one in rows) == theirs.height
        judged = theirs.filter(pl.col("label") != "unlabeled")
        told = sum(one.documents * one.judged for one in rows)
        assert told == pytest.approx(judged.height, abs=0.01)
        relevant = sum(one.documents * one.judged * (one.relevant or 0) for one in rows)
        assert relevant == pytest.approx(judged.filter(label="positive").height, abs=0.01)
    first = next(one for one in report.propensities if one.retriever == "dense")
    top = tables.filter(pl.col("dense_rank") <= 5)
    assert (first.ranks, first.documents) == ("1-5", top.height)
    assert first.judged == pytest.approx((top["label"] != "unlabeled").mean(), rel=1e-5)
    assert 0 < first.judged < 1


def test_hubs_are_the_documents_used_most(example, tables):
    _, report = example
    uses = (
        tables.filter("written")["doc_id"]
        .value_counts()
        .sort("count", "doc_id", descending=[True, False])
    )
    assert [(one.doc_id, one.queries) for one in report.hubs.most] == uses.head(12).rows()
    assert report.hubs.documents == uses.height
    assert sum(one.documents for one in report.hubs.spread) == uses.height
    assert sum(one.negatives for one in report.hubs.spread) == uses["count"].sum()
    top = report.hubs.most[0]
    owners = tables.filter(pl.col("label") == "positive", pl.col("doc_id") == top.doc_id)
    assert top.positive_of == owners.height


def test_short_queries_and_why(tmp_path):
    work = mined(tmp_path, num_negatives=6)
    report = negmine.report(work, leak=False)
    told = report.short
    asked = Workdir(work).scan("5-write/short").collect()
    assert told.queries == asked.height > 0
    assert told.without == (asked["got"] == 0).sum()
    assert {one.query_id: one.got for one in told.worst} == dict(
        asked.select("query_id", "got").iter_rows()
    )
    verdicts = Workdir(work).scan("4-filter/verdicts").collect()
    for one in told.worst:
        rows = verdicts.filter(pl.col("query_id") == one.query_id, pl.col("label") != "positive")
        assert one.candidates == rows.height
        assert one.reasons == dict(rows.drop_nulls("reason")["reason"].value_counts().iter_rows())
    few = sum(one.candidates < 6 for one in told.worst)
    assert sum(one.queries for one in told.why if one.reason == "too_few_candidates") == few
    assert sum(one.queries for one in told.why) == told.queries


def test_the_leak_is_what_negmine_leak_says(example):
    work, report = example
    found = negmine.leak(work)
    assert [r.leak for r in report.leak.rules] == [r["leak"] for r in found["rules"]]
    now = next(point for point in report.leak.curve if point.value == report.leak.current)
    assert now.leak == pytest.approx(report.leak.rules[-1].leak, rel=1e-5)
    assert report.leak.setting == "max_risk"
    assert report.leak_skipped is None


def test_a_leak_that_cannot_be_measured_says_why(tmp_path, beir):
    data = write_beir(tmp_path / "one", qrels=[("q1", "tea-1", 1), ("q4", "py-1", 1)])
    work = negmine.mine(tmp_path / "w", data=data, retriever=["bm25"]).work
    report = negmine.report(work)
    assert report.leak is None
    assert "No query has two positives" in report.leak_skipped
    assert negmine.report(work, leak=False).leak_skipped == "--no-leak was given."


SAME = (
    "totals", "funnel", "scorers", "overlap", "ranks", "recall", "agreement", "retrievers", "hubs", "short",
    "propensities", "sample",
)  # fmt: skip


def test_parts_change_no_number(tmp_path, monkeypatch):
    whole = negmine.report(mined(tmp_path / "a"))
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 2)
    work = mined(tmp_path / "b")
    assert len(Workdir(work).require("4-filter/verdicts").parts) > 2
    parted = negmine.report(work)
    for name in SAME:
        assert getattr(parted, name) == getattr(whole, name), name


def test_the_sample_is_seeded_and_holds_the_worst(example, tables):
    work, report = example
    ids = [query.query_id for query in report.sample.queries]
    assert len(ids) == len(set(ids))
    assert sum("random" in query.why for query in report.sample.queries) == 40
    again = negmine.report(work, leak=False, sample_seed=14).sample
    assert [query.query_id for query in again.queries] != ids
    assert negmine.report(work, leak=False, sample=0).sample.queries[0].why != ["random"]
    riskiest = tables.filter("written").sort("risk_score", descending=True)["query_id"][0]
    closest = (
        tables.filter("written")
        .with_columns(
            apart=pl.col("positive_score").cast(pl.Float64) - pl.col("dense_score").cast(pl.Float64)
        )
        .sort("apart")["query_id"][0]
    )
    kinds = {query.query_id: query.why for query in report.sample.queries}
    assert "riskiest" in kinds[riskiest]
    assert "closest" in kinds[closest]


def test_a_sampled_query_shows_its_documents_with_reasons(example, tables):
    _, report = example
    for query in report.sample.queries:
        rows = tables.filter(pl.col("query_id") == query.query_id)
        written = rows.filter("written")
        assert {one.doc_id for one in query.negatives} <= set(written["doc_id"])
        assert len(query.negatives) + query.negatives_more == written.height
        removed = candidates(rows).filter(~pl.col("kept"))
        assert len(query.rejected) + query.rejected_more == removed.height
        reasons = dict(removed.select("doc_id", "reason").iter_rows())
        assert all(reasons[one.doc_id] == one.reason for one in query.rejected)
        if removed["reason"].n_unique() <= 6:
            assert {one.reason for one in query.rejected} == set(reasons.values())
        assert query.kept_unused == rows["kept"].sum() - written.height


def test_no_rule_no_negative_no_trouble(tmp_path):
    """A run that keeps nothing has a report all the same."""
    work = mined(tmp_path, max_score=-5.0, judged_negatives="ignore")
    report = negmine.report(work, html=tmp_path / "page.html")
    assert report.totals.negatives == 0
    assert report.short.without == report.totals.queries
    assert report.hubs.most == []
    assert {one.kind for one in report.warnings} >= {"short"}
    assert "None." in (tmp_path / "page.html").read_text()


def test_funnel_by_hand():
    removed = {"too_risky": 3, "is_positive": 2}
    steps = funnel(20, removed, kept=15, selected=9, written=8)
    assert [(s.name, s.removed, s.left) for s in steps] == [
        ("candidates", 0, 20), ("is_positive", 2, 18), ("too_risky", 3, 15), ("kept", 0, 15),
        ("not_asked_for", 6, 9), ("query_not_full", 1, 8), ("written", 0, 8),
    ]  # fmt: skip


@pytest.mark.parametrize("shape", ["triplet", "n-tuple", "labeled-pair", "labeled-list"])
def test_every_format_counts_the_same_pairs(tmp_path, shape):
    data = write_beir(tmp_path / "d")
    flags = {"num_negatives": 2, "k": 20, "no_relative_margin": True, "no_risk": True}
    work = negmine.mine(tmp_path / "w", data=data, format=shape, **flags | write_vectors(data)).work
    assert negmine.report(work, leak=False).totals.negatives == 6 * 2


def test_what_people_judged_not_relevant_is_not_ahead_of_the_positive(tmp_path):
    data = write_beir(tmp_path / "data", qrels=[("q3", "cat-4", 1), ("q3", "cat-1", 0)])
    work = negmine.mine(tmp_path / "w", data=data, retriever="bm25", k=8).work
    rows = pl.read_parquet(work / "4-filter/verdicts/*.parquet")
    score = dict(rows.select("doc_id", "bm25_score").iter_rows())
    ahead = {doc for doc in score if doc != "cat-4" and (score[doc] or 0) > score["cat-4"]}
    assert "cat-1" in ahead
    (told,) = negmine.report(work, leak=False).scorers
    scored = [doc for doc in score if doc != "cat-4" and score[doc] is not None]
    assert told.candidates_ahead == pytest.approx((len(ahead) - 1) / len(scored), rel=1e-5)
