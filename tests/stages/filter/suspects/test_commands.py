"""Suspected positives in a whole run: counted, shown, left out where the user says so, and never silently."""

import json

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import SettingsError
from tests.cli.conftest import invoke
from tests.conftest import write_beir
from tests.scorers.judge.mining import Ear
from tests.scorers.judge.server import answer, honest, serving

TEXTS = {
    "a1": "green tea helps against fatigue", "a2": "green tea in the morning", "a3": "tea and fatigue at work",
    "b1": "moon orbits earth", "b2": "moon and earth and tides", "b3": "earth seen from the moon",
    "x": "tax law of small firms",
}  # fmt: skip
QUERIES = {"tea": "green tea fatigue", "moon": "moon earth", "lost": "tea moon earth"}
QRELS = [("tea", "a1"), ("tea", "x"), ("moon", "b1"), ("lost", "x")]


def mined(folder, **settings):
    tables = {
        "corpus": pl.DataFrame({"doc_id": list(TEXTS), "text": list(TEXTS.values())}),
        "queries": pl.DataFrame({"query_id": list(QUERIES), "text": list(QUERIES.values())}),
        "qrels": pl.DataFrame(QRELS, schema=["query_id", "doc_id"], orient="row").with_columns(
            relevance=1
        ),
    }
    return negmine.mine(
        folder,
        **tables,
        **{
            "retriever": ["bm25"],
            "format": "labeled-pair",
            "no_risk": True,
            "no_near_duplicate": True,
        }
        | settings,
    )


def positives(folder):
    rows = pl.read_parquet(folder / "5-write/provenance/*.parquet")
    return set(rows.drop_nulls("positive_id").select("query_id", "positive_id").iter_rows())


def test_suspects_are_a_verdict_and_nothing_is_left_out_for_it(tmp_path):
    result = mined(tmp_path / "w", suspect_share=1.0)
    rows = pl.read_parquet(tmp_path / "w/4-filter/suspects/*.parquet")
    assert set(rows.select("query_id", "doc_id").iter_rows()) == set(QRELS)
    assert set(rows.filter("suspected")["doc_id"]) == {"x"}
    assert result.summary["positives_suspected"] == 2
    assert result.summary["queries_suspected"] == 1
    assert positives(tmp_path / "w") == set(QRELS)


def test_explain_marks_suspects(tmp_path):
    mined(tmp_path / "w", suspect_share=1.0)
    shown = invoke("explain", tmp_path / "w", "tea")
    assert "is_positive (suspected: below_pool)" in shown.output
    reasons = {
        row["doc_id"]: row["suspected"] for row in negmine.explain(tmp_path / "w", "tea")["rows"]
    }
    assert reasons["x"] == "below_pool"
    assert set(reasons.values()) == {"below_pool", None}
    negmine.filter(tmp_path / "w", suspect_share="none")
    assert "suspected" not in invoke("explain", tmp_path / "w", "tea").output


@pytest.mark.parametrize("sampling", [{}, {"max_reuse": 1}, {"level": True}])
def test_suspected_positives_are_left_out_of_every_file_where_the_user_says_so(sampling, tmp_path):
    mined(tmp_path / "w", suspect_share=1.0, drop_positives="suspected", **sampling)
    assert positives(tmp_path / "w") == {("tea", "a1"), ("moon", "b1")}
    card = (tmp_path / "w/5-write/README.md").read_text()
    assert "| of them suspected, and not written | 2 |" in card
    negmine.write(tmp_path / "w", drop_positives="none")
    assert positives(tmp_path / "w") == set(QRELS)


def test_a_query_that_is_not_written_is_in_no_average_and_is_told(tmp_path):
    work = mined(tmp_path / "w", suspect_share=1.0, num_negatives=2).work
    done = invoke("write", work, "--drop-positives", "suspected", "--json")
    rows = pl.read_parquet(work / "5-write/provenance/*.parquet")
    pairs = rows.drop_nulls("negative_id").unique(["query_id", "negative_id"])
    average = pairs.height / rows["query_id"].n_unique()
    summary = json.loads(done.stdout)["data"]["summary"]
    assert summary["negatives_per_query"] == pytest.approx(average, abs=1e-3)
    assert "all positives of 1 of 3 queries are suspected" in done.stdout + done.stderr


def test_negatives_and_their_anchor_are_those_of_before(tmp_path):
    mined(tmp_path / "a", suspect_share=1.0)
    mined(tmp_path / "b", suspect_share=1.0, drop_positives="suspected")
    verdicts = [pl.read_parquet(tmp_path / name / "4-filter/verdicts/*.parquet") for name in "ab"]
    assert verdicts[0].equals(verdicts[1])


def test_nothing_is_made_or_read_where_nobody_asks(tmp_path):
    mined(tmp_path / "w")
    assert not (tmp_path / "w/4-filter/suspects").exists()
    with pytest.raises(SettingsError, match=r"--drop-positives suspected.*--suspect-share"):
        negmine.write(tmp_path / "w", drop_positives="suspected")


def test_the_report_shows_them_with_their_texts(tmp_path):
    mined(tmp_path / "w", suspect_share=1.0)
    done = invoke("report", tmp_path / "w", "--no-leak", "--json", tmp_path / "r.json")
    assert done.exit_code == 0, done.output
    suspects = json.loads((tmp_path / "r.json").read_text())["suspects"]
    assert [(one["query_id"], one["doc_id"]) for one in suspects] == [("lost", "x"), ("tea", "x")]
    assert suspects[0]["text"] == TEXTS["x"]
    assert {one["reason"] for one in suspects} == {"below_pool"}


def topics(folder, swapped=(0, 11, 22)):
    """Write six topics of ten queries: one right document each, and ten others that score as well.

    The right one lies off its topic in the same direction everywhere, the others in another. Some queries get
    one of the others as their positive. Returns flags that mine it, and these pairs.
    """
    rng = np.random.default_rng(3)
    topic, right, other = rng.standard_normal((6, 64)), *(2 * rng.standard_normal((2, 64)))
    queries = np.repeat(topic, 10, axis=0) + 0.1 * rng.standard_normal((60, 64))
    others = np.repeat(topic, 10, axis=0) + other + 0.1 * rng.standard_normal((60, 64))
    documents = {f"n{i}": ("", f"right {i}") for i in range(6)}
    documents |= {f"f{i}": ("", f"other {i}") for i in range(60)}
    pairs = [(f"q{i}", f"f{i}" if i in swapped else f"n{i // 10}", 1) for i in range(60)]
    write_beir(folder, documents, {f"q{i}": f"question {i}" for i in range(60)}, pairs)
    vectors = {"queries": queries, "documents": np.concatenate([topic + right, others])}
    for name, rows in vectors.items():
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        np.save(folder / f"{name}.npy", unit.astype(np.float32))
    files = {
        "query_vectors": folder / "queries.npy",
        "document_vectors": folder / "documents.npy",
    }
    flags = files | {"data": folder, "retriever": ["dense"], "no_risk": True}
    return flags | {"no_relative_margin": True}, {(f"q{i}", f"f{i}") for i in swapped}


def test_positives_among_negative_pairs_are_suspected_by_stored_vectors(tmp_path):
    flags, swapped = topics(tmp_path / "data")
    negmine.mine(tmp_path / "w", **flags, suspect_neighbours=5)
    rows = pl.read_parquet(tmp_path / "w/4-filter/suspects/*.parquet")
    assert set(rows.filter("suspected")["reason"]) == {"near_negatives"}
    assert set(rows.filter("suspected").select("query_id", "doc_id").iter_rows()) == swapped
    assert (rows.filter("suspected")["neighbours"] < 0).all()
    assert (rows.filter(~pl.col("suspected"))["neighbours"] >= 0).all()


def test_the_extrinsic_form_goes_by_labels_and_says_so_where_there_are_too_few(tmp_path):
    flags, swapped = topics(tmp_path / "data")
    told = Ear()
    negmine.mine(
        tmp_path / "w", **flags, suspect_neighbours=5,
        suspect_reference="judged", progress=told,
    )  # fmt: skip
    assert any("needs 5 positive and 5 negative pairs" in note for note in told.notes)
    suspects = tmp_path / "w/4-filter/suspects"
    assert pl.read_parquet(suspects / "*.parquet")["neighbours"].null_count() == 60
    lines = [f"q{i}\tn{i // 10}\t1\nq{i}\tf{i}\t0\n" for i in range(1, 60, 2) if i != 11]
    (tmp_path / "labels.tsv").write_text("query_id\tdoc_id\trelevance\n" + "".join(lines))
    negmine.label(tmp_path / "w", tmp_path / "labels.tsv", who="me")
    negmine.mine(tmp_path / "w")
    rows = pl.read_parquet(suspects / "*.parquet").filter("suspected")
    assert set(rows.select("query_id", "doc_id").iter_rows()) == swapped


def test_neighbours_need_vectors(tmp_path):
    with pytest.raises(SettingsError, match=r"--suspect-neighbours.*--retriever dense"):
        mined(tmp_path / "a", suspect_neighbours=5)


def is_answer(text):
    """Tell what the scripted judge calls relevant: the law of taxes answers nothing, but one query."""
    return "tax" not in text


def judged(folder, server, **settings):
    return mined(
        folder, judge_url=server.url, judge_model="m", judge_check=0, suspect_share=1.0,
        judge_suspects=True, drop_positives="suspected", **settings,
    )  # fmt: skip


@pytest.mark.parametrize("method", ["verdict", "logprob"])
def test_the_judge_is_asked_about_suspects_alone_and_what_it_calls_relevant_is_written(
    method, tmp_path
):
    with serving(honest(lambda text: True)) as server:
        result = judged(tmp_path / "w", server, judge_method=method)
    rows = pl.read_parquet(tmp_path / "w/4-filter/judge-suspects-m/*.parquet")
    assert set(rows.select("query_id", "doc_id").iter_rows()) == {("tea", "x"), ("lost", "x")}
    assert result.summary["positives_suspected"] == 0
    assert result.summary["suspects_cleared"] == 2
    assert positives(tmp_path / "w") == set(QRELS)
    assert {one.state for one in negmine.status(tmp_path / "w")} == {"fresh"}


def test_what_the_judge_calls_not_relevant_stays_suspected(tmp_path):
    with serving(honest(is_answer)) as server:
        result = judged(tmp_path / "w", server)
    assert result.summary["positives_suspected"] == 2
    assert positives(tmp_path / "w") == {("tea", "a1"), ("moon", "b1")}
    rows = pl.read_parquet(tmp_path / "w/4-filter/suspects/*.parquet").filter("suspected")
    assert set(rows["judge_verdict"]) == {"not_relevant"}


def test_without_an_answer_a_suspicion_stands_and_only_what_the_user_says_is_dropped(tmp_path):
    with serving(lambda request, number: (200, answer("I like tea."))) as server:
        judged(tmp_path / "w", server)
    rows = pl.read_parquet(tmp_path / "w/4-filter/suspects/*.parquet").filter("suspected")
    assert set(rows["judge_verdict"]) == {"abstained"}
    assert positives(tmp_path / "w") == {("tea", "a1"), ("moon", "b1")}
    negmine.write(tmp_path / "w", drop_positives="none")
    assert positives(tmp_path / "w") == set(QRELS)


def test_a_spent_budget_leaves_suspects_and_more_budget_goes_on(tmp_path):
    with serving(honest(lambda text: True)) as server:
        judged(tmp_path / "w", server, judge_budget="1")
        before = pl.read_parquet(tmp_path / "w/4-filter/suspects/*.parquet")
        assert before["suspected"].sum() == 2
        negmine.filter(tmp_path / "w", judge_budget="1000")
        negmine.write(tmp_path / "w")
        asked = len(server.requests)
        negmine.filter(tmp_path / "w", suspect_share=0.99)
        assert len(server.requests) == asked  # answers that were paid for are not asked for again
    assert positives(tmp_path / "w") == set(QRELS)


@pytest.mark.parametrize("found", [False, True])
def test_with_relabel_a_query_stays_where_the_judge_has_found_a_positive(found, tmp_path):
    def short():
        return set(pl.read_parquet(tmp_path / "w/5-write/short/*.parquet")["query_id"])

    with serving(honest(is_answer if found else lambda text: False)) as server:
        judged(tmp_path / "w", server, num_negatives=9)
    assert "lost" not in short()
    with_relabel = negmine.write(tmp_path / "w", relabel=True)
    written = {query for query, _ in positives(tmp_path / "w")}
    assert ("lost" in written) is ("lost" in short()) is found
    rows = pl.read_parquet(tmp_path / "w/5-write/provenance/*.parquet").drop_nulls("negative_id")
    average = rows.unique(["query_id", "negative_id"]).height / len(written)
    assert with_relabel.summary["negatives_per_query"] == pytest.approx(average, abs=1e-3)
    negmine.write(tmp_path / "w", relabel=False)
    assert "lost" not in short()
