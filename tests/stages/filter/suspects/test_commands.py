"""Suspected positives in a whole run: counted, shown, left out where the user says so, and never silently."""

import json

import polars as pl
import pytest

import negmine
from negmine.errors import SettingsError
from tests.cli.conftest import invoke

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
        retriever=["bm25"],
        format="labeled-pair",
        no_risk=True,
        no_near_duplicate=True,
        **settings,
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


@pytest.mark.parametrize("sampling", [{}, {"max_reuse": 1}, {"level": True}])
def test_suspected_positives_are_left_out_of_every_file_where_the_user_says_so(sampling, tmp_path):
    mined(tmp_path / "w", suspect_share=1.0, drop_positives="suspected", **sampling)
    assert positives(tmp_path / "w") == {("tea", "a1"), ("moon", "b1")}
    card = (tmp_path / "w/5-write/README.md").read_text()
    assert "| of them suspected, and not written | 2 |" in card
    negmine.write(tmp_path / "w", drop_positives="none")
    assert positives(tmp_path / "w") == set(QRELS)


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
