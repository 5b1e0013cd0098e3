"""Whole runs: what is selected reaches the files, is the same in parts of any size, and is never a positive."""

import json

import polars as pl
import pytest

import negmine
from negmine.config.sampling import SETTINGS
from negmine.errors import SettingsError
from tests.conftest import DOCUMENTS, QRELS, write_beir, write_vectors

# no rule but those that are always on, so that most candidates are kept
MILD = {"no_relative_margin": True, "no_risk": True, "no_near_duplicate": True, "k": 20}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = write_beir(tmp_path_factory.mktemp("data"))
    return {"data": folder, **write_vectors(folder), **MILD}


@pytest.fixture(scope="module")
def work(tmp_path_factory, data):
    return negmine.mine(tmp_path_factory.mktemp("work") / "w", **data).work


def read(work, name):
    return pl.concat(
        pl.read_parquet(file) for file in sorted((work / "5-write" / name).glob("*.parquet"))
    )


def about(work, **settings):
    negmine.write(work, **settings)
    return read(work, "provenance")


FLAGS = [{"sampling": name, "num_negatives": 3} for name in SETTINGS] + [
    {"max_reuse": 1, "num_negatives": 3},
    {"max_reuse": 2, "sampling": "softmax", "num_negatives": 3},
    {"per": "positive", "num_negatives": 2},
    {"positives": "best"},
    {"positives": "sample"},
    {"random_negatives": 2, "random_shared": 3, "num_negatives": 2},
    {"weight": "margin", "level": True},
    {
        "weight": "propensity",
        "level": True,
        "max_reuse": 1,
        "random_negatives": 1,
        "per": "positive",
    },
]


@pytest.mark.parametrize("flags", FLAGS, ids=lambda flags: "-".join(map(str, flags.values())))
def test_parts_of_any_size_have_the_same_rows_and_no_negative_is_a_positive(
    tmp_path, data, work, monkeypatch, flags
):
    usual = {
        "num_negatives": 5,
        "sampling": "top",
        "per": "query",
        "positives": "all",
        "level": False,
    }
    off = {"max_reuse": "none", "random_negatives": 0, "random_shared": 1, "weight": "none"}
    rows = about(work, **(usual | off | flags))
    assert rows.height > 0
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 2)
    small = negmine.mine(tmp_path / "w", **data, **flags).work
    assert len(list((small / "5-write" / "provenance").glob("*.parquet"))) > 1
    assert read(small, "provenance").equals(rows)
    assert read(small, "triplet").equals(read(work, "triplet"))
    positives = {(query, doc) for query, doc, relevance in QRELS if relevance > 0}
    assert not positives & set(rows.select("query_id", "negative_id").iter_rows())
    if "max_reuse" in flags:
        users = rows.filter(pl.col("negative_label") != "random").unique(
            ["query_id", "negative_id"]
        )
        assert users["negative_id"].value_counts()["count"].max() <= flags["max_reuse"]


def mined(tmp_path, data, **flags):
    return negmine.mine(tmp_path / "w", **(data | flags))


def test_random_negatives_stand_behind_the_others_and_are_called_random(tmp_path, data):
    flags = {"num_negatives": 2, "random_negatives": 3, "format": "n-tuple", "k": 5}
    work = mined(tmp_path, data, **flags).work
    rows = read(work, "provenance")
    labels = rows["negative_label"].to_list()
    assert {tuple(one[2:]) for one in labels} == {("random",) * 3}
    assert all("random" not in one[:2] for one in labels)
    assert rows["rank"].list.get(4).to_list() == [None] * rows.height
    texts = [" ".join(DOCUMENTS[doc]).strip() for doc in rows["negative_id"].list.get(4)]
    assert read(work, "n-tuple")["negative_5"].to_list() == texts
    assert "random documents per query, besides" in (work / "5-write" / "README.md").read_text()


def test_a_copy_of_a_positive_is_no_random_negative_and_a_lack_of_documents_is_said(
    tmp_path, data, capsys
):
    """tea-2 is a copy of tea-1, the positive of q1; neither may ever come."""
    work = mined(tmp_path, data, num_negatives=1, random_negatives=30, k=3).work
    rows = read(work, "provenance").filter(pl.col("negative_label") == "random")
    of_tea = set(rows.filter(pl.col("query_id") == "q1")["negative_id"])
    assert 15 < len(of_tea) < 23
    assert not of_tea & {"tea-1", "tea-2"}
    manifest = json.loads((work / "5-write" / "provenance" / "_manifest.json").read_text())
    assert manifest["stats"]["random_short"] == 6


def test_summary_and_report_count_negatives_of_every_positive(tmp_path, data):
    """Six queries have eight positives: 8 / 6 negatives a query."""
    result = mined(tmp_path, data, per="positive", num_negatives=1)
    assert result.summary["negatives_per_query"] == 1.333
    assert result.summary["queries_short"] == 0
    report = negmine.report(result.work, leak=False)
    assert report.short.queries == 0
    assert {step.name: step.left for step in report.funnel}["written"] == 8


def test_a_report_counts_what_a_band_leaves_out(tmp_path, data):
    result = mined(tmp_path, data, sampling="band", band="1:2")
    assert result.summary["queries_short"] == 6
    report = negmine.report(result.work, leak=False)
    assert report.short.queries == 6
    assert {one.reason: one.queries for one in report.short.why}["not_selected"] == 6
    left = {step.name: step.left for step in report.funnel}
    assert left["not_asked_for"] == left["written"] == report.totals.negatives <= 12


def test_reuse_and_scales_are_there_only_where_they_are_needed(tmp_path, data):
    work = mined(tmp_path, data).work
    states = {state.artifact.name for state in negmine.status(work)}
    assert not states & {"5-write/reuse", "5-write/scales"}
    negmine.write(work, max_reuse=1, level=True)
    manifest = json.loads((work / "5-write" / "reuse" / "_manifest.json").read_text())
    assert manifest["stats"]["documents_limited"] > 0
    assert {state.state for state in negmine.status(work)} == {"fresh"}


def test_a_comparison_sees_what_a_limit_of_reuse_changes(tmp_path, data):
    first = mined(tmp_path, data).work
    second = negmine.mine(tmp_path / "v", **data, max_reuse=1).work
    assert negmine.diff(first, first)["totals"]["jaccard"] == 1
    assert negmine.diff(first, second)["totals"]["jaccard"] < 1


def test_settings_that_cannot_be_are_refused_before_any_work(tmp_path, data):
    with pytest.raises(SettingsError, match="--band"):
        mined(tmp_path, data, sampling="band", band="9:1")
    with pytest.raises(SettingsError, match="--max-risk"):
        mined(tmp_path, data, weight="risk")
