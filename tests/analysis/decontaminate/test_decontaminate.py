"""Planted contamination is told whole, by each test alone; clean sets give nothing."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import negmine
from negmine.cli.app import app
from negmine.errors import MissingArtifact, SettingsError
from negmine.stages.filter.contamination import measure
from tests.conftest import write_beir
from tests.models.tiny import static_model
from tests.stages.filter.contamination.planted import (
    DOCUMENTS,
    QRELS,
    QUERIES,
    mine,
    write_evaluation,
)

BY_TEST = {
    "exact": ({"same"}, {"copy"}),
    "ngrams": ({"long"}, {"copy", "near", "piece"}),
    "span": ({"long"}, {"copy", "span", "near", "piece"}),
}
"""By test, the queries and documents of planted.py that it tells."""


def ids(data):
    """Return the contaminated queries and documents of the first set."""
    told = data["sets"][0]["ids"]
    return set(told["queries"]), {*told["positives"], *told["negatives"]}


@pytest.mark.parametrize("test", BY_TEST)
def test_each_test_alone_tells_what_was_planted_for_it(tmp_path, test):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    data = negmine.decontaminate(tmp_path / "work", folder, eval_test=[test])
    assert ids(data) == BY_TEST[test]
    counts = data["sets"][0]["contaminated"]
    assert counts["queries"] == {
        "texts": len(QUERIES),
        "contaminated": 1,
        **dict.fromkeys(("exact", "ngrams", "span", "vectors")),
        test: 1,
    }


def test_all_tests_together_tell_all_of_it(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    data = negmine.decontaminate(tmp_path / "work", folder)
    assert ids(data) == ({"same", "long"}, {"copy", "span", "near", "piece"})
    one = data["sets"][0]
    assert (one["name"], one["split"], one["queries"], one["documents"]) == ("set", "test", 3, 2)
    assert (one["queries_appearing"], one["documents_appearing"]) == (2, 2)
    assert data["contaminated"]["queries"] == 4  # two themselves, two by a positive
    assert data["training"]["queries"] == len(QUERIES)
    assert one["contaminated"]["positives"]["contaminated"] == 2


def test_examples_have_both_texts_and_the_span(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    data = negmine.decontaminate(tmp_path / "work", folder, eval_test=["span"], limit=1)
    (example,) = data["sets"][0]["examples"]
    assert (example["role"], example["id"], example["eval_id"]) == ("queries", "long", "t2")
    words = example["eval_text"].split()[example["span_start"] :][: example["span_words"]]
    assert " ".join(words) in example["text"]


def test_near_duplicates_by_vectors_are_told_where_both_have_vectors(tmp_path):
    model = static_model(tmp_path / "model")
    documents = {
        "a": ("", "green tea water hot"),
        "b": ("", "cats sleep list"),
        "c": ("", "a snake is long"),
    }
    data = write_beir(tmp_path / "train", documents, {"q": "how hot"}, [("q", "b", 1)])
    other = {
        "x": ("", "hot water tea green"),
        "y": ("", "largest python"),
    }  # the same words: cosine 1
    theirs = write_beir(
        tmp_path / "set", other, {"t": "how long"}, [("t", "x", 1), ("t", "y", 1)], "test"
    )
    options = {"retriever": ["dense"], "model": str(model)}
    negmine.mine(tmp_path / "work", data=data, no_risk=True, no_relative_margin=True, **options)
    asked = {"eval_test": ["vectors"], "eval_similarity": 0.99}
    alone = negmine.decontaminate(tmp_path / "work", theirs, **asked)
    assert alone["sets"][0]["vectors"] is False
    assert alone["sets"][0]["contaminated"]["negatives"]["vectors"] is None
    negmine.index(tmp_path / "evaluation", data=theirs, **options)
    both = negmine.decontaminate(tmp_path / "work", tmp_path / "evaluation", **asked)
    assert both["sets"][0]["vectors"] is True
    assert ids(both) == (set(), {"a"})
    assert both["sets"][0]["examples"][0]["value"] == pytest.approx(1, abs=1e-3)
    assert both["sets"][0]["documents_appearing"] == 1
    elsewhere = {"retriever": ["dense"], "model": str(static_model(tmp_path / "other", seed=2))}
    negmine.index(tmp_path / "third", data=theirs, **elsewhere)
    assert (
        negmine.decontaminate(tmp_path / "work", tmp_path / "third", **asked)["sets"][0]["vectors"]
        is False
    )


def test_a_clean_pair_of_sets_gives_nothing(tmp_path):
    clean = {"d": ("", "Submarine cables carry most of the traffic between continents today.")}
    folder = write_evaluation(
        tmp_path / "set", documents=clean, queries={"q": "cables"}, qrels=[("q", "d", 1)]
    )
    mine(tmp_path)
    data = negmine.decontaminate(tmp_path / "work", folder)
    assert ids(data) == (set(), set())
    assert data["contaminated"] == {"queries": 0, "rows": 0}
    assert data["sets"][0]["examples"] == []


def test_little_memory_gives_the_same(tmp_path, monkeypatch):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    whole = negmine.decontaminate(tmp_path / "work", folder)
    monkeypatch.setattr("negmine.stages.filter.contamination.block.AT_ONCE", 1)
    monkeypatch.setattr(measure, "AT_ONCE", 2)
    monkeypatch.setattr(measure, "BYTES_A_WORD", 1 << 40)  # a block for every evaluation text
    assert negmine.decontaminate(tmp_path / "work", folder) == whole


def test_rows_count_any_contaminated_text_in_every_format(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    for name in ("triplet", "n-tuple", "labeled-list"):
        mine(tmp_path, format=name, num_negatives=2)
        data = negmine.decontaminate(tmp_path / "work", folder)
        told = {one for role in data["sets"][0]["ids"].values() for one in role}
        rows = negmine_rows(tmp_path / "work")
        bad = [row for row in rows if told & row]
        assert (data["contaminated"]["rows"], data["training"]["rows"]) == (len(bad), len(rows))


def negmine_rows(work):
    """Return the ids of every row of `provenance`."""
    import polars as pl

    rows = pl.read_parquet(work / "5-write" / "provenance" / "*.parquet")
    columns = rows.select("query_id", "positive_id", "negative_id").iter_rows()
    return [{q, p, *(n if isinstance(n, list) else [n])} for q, p, n in columns]


def test_it_changes_nothing(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").rglob("*")}
    negmine.decontaminate(tmp_path / "work", folder)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "work").rglob("*")} == before


def test_it_needs_a_set_and_a_finished_run(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    data = write_beir(tmp_path / "train", DOCUMENTS, QUERIES, QRELS)
    negmine.index(tmp_path / "work", data=data, retriever=["bm25"])
    with pytest.raises(MissingArtifact, match="write"):
        negmine.decontaminate(tmp_path / "work", folder)
    with pytest.raises(SettingsError, match="--against"):
        negmine.decontaminate(tmp_path / "work", [])


def test_scifact_says_of_its_own_train_and_test_what_it_says(tmp_path, collections):
    """Two queries are there twice, dozens differ in a word or two, and both use the same documents."""
    data = collections / "scifact"
    negmine.mine(
        tmp_path / "work", data=data, retriever=["bm25"], k=10, no_risk=True, no_near_duplicate=True
    )
    told = negmine.decontaminate(tmp_path / "work", [data, collections / "cosqa"])
    scifact, cosqa = (one["contaminated"] for one in told["sets"])
    assert scifact["queries"] | {"vectors": 0} == {
        "texts": 807, "contaminated": 68, "exact": 2, "ngrams": 21, "span": 65, "vectors": 0,
    }  # fmt: skip
    documents = json_lines(data)
    relevant = set(qrels(data, "test"))
    positives = set(qrels(data, "train"))
    assert relevant <= documents
    assert relevant & positives <= set(told["sets"][0]["ids"]["positives"])
    assert len(relevant & positives) / scifact["positives"]["contaminated"] > 0.95
    assert all(counts["contaminated"] == 0 for counts in cosqa.values())


def json_lines(folder):
    import gzip

    with gzip.open(folder / "corpus.jsonl.gz", "rt") as lines:
        return {json.loads(line)["_id"] for line in lines}


def qrels(folder, split):
    rows = (folder / "qrels" / f"{split}.tsv").read_text().splitlines()[1:]
    return np.array([row.split("\t")[1] for row in rows if int(row.split("\t")[2]) > 0])


@pytest.mark.parametrize("format", ["n-tuple", "gritlm", "dpr", "kd-triplet"])
def test_the_counts_are_the_same_whatever_the_shape_of_the_files(tmp_path, format):
    """Ids stand alone or in lists: of negatives, of positives, of both."""
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    negmine.write(tmp_path / "work", num_negatives=1, format="triplet")
    expected = negmine.decontaminate(tmp_path / "work", folder)
    teacher = {"teacher": "bm25"} if format.startswith("kd") else {}
    negmine.write(tmp_path / "work", num_negatives=1, format=format, **teacher)
    found = negmine.decontaminate(tmp_path / "work", folder)
    assert found["contaminated"]["queries"] == expected["contaminated"]["queries"] > 0
    assert found["sets"][0]["ids"] == expected["sets"][0]["ids"]


def test_every_format_that_is_written_is_compared(tmp_path):
    """n-tuple has no row for a query that is short, but the format named second has."""
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    negmine.write(tmp_path / "work", num_negatives=1, format="triplet")
    expected = negmine.decontaminate(tmp_path / "work", folder)
    negmine.write(tmp_path / "work", num_negatives=900, format=["n-tuple", "triplet"])
    found = negmine.decontaminate(tmp_path / "work", folder)
    assert found["training"]["rows"] == 0
    assert ids(found)[0] == ids(expected)[0]
    assert found["contaminated"]["queries"] == expected["contaminated"]["queries"]


def test_files_that_are_older_than_the_verdicts_are_told(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    done = ["decontaminate", str(tmp_path / "work"), "--against", str(folder), "--json"]
    assert json.loads(CliRunner().invoke(app, done).stdout)["notes"] == []
    negmine.filter(tmp_path / "work", max_score=0.5)
    (note,) = json.loads(CliRunner().invoke(app, done).stdout)["notes"]
    assert note.startswith("5-write/triplet: stale")
