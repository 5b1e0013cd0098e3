"""`negmine label`: what people say wins over the qrels, everything follows, and nobody is asked twice."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.analysis.label.suggest import _most_doubtful
from negmine.errors import CorruptArtifact, InputError, MissingArtifact, SettingsError
from negmine.stages.index.compute import with_labels
from negmine.stages.opening import open_existing
from negmine.storage.labels import read_labels
from negmine.storage.workdir import Workdir
from tests.cli.conftest import invoke
from tests.conftest import write_beir
from tests.stages.filter.risk.circle import write_circle


@pytest.fixture
def work(beir, tmp_path):
    negmine.mine(tmp_path / "work", data=beir, retriever=["bm25"], max_risk=0.9, num_negatives=3)
    return tmp_path / "work"


def provenance(work):
    return pl.read_parquet(work / "5-write/provenance/*.parquet")


def written(work, column="negative_id"):
    return set(provenance(work).select("query_id", column).drop_nulls().iter_rows())


def write_labels(folder, *rows, name="labels.tsv"):
    file = folder / name
    file.write_text(
        "query_id\tdoc_id\trelevance\n" + "".join("\t".join(row) + "\n" for row in rows)
    )
    return file


def test_a_negative_that_is_labelled_relevant_becomes_a_positive(work, tmp_path):
    query, document = sorted(written(work))[0]
    told = negmine.label(work, write_labels(tmp_path, (query, document, "1")), who="me")
    assert (told["new"], told["relevant"], told["labels"]) == (1, 1, 1)
    assert {one.artifact.name for one in negmine.status(work) if one.state == "stale"} >= {
        "1-index/qrels", "4-filter/verdicts", "5-write/triplet"
    }  # fmt: skip
    negmine.mine(work)
    assert (query, document) not in written(work)
    assert (query, document) in written(work, "positive_id")
    assert {one.state for one in negmine.status(work)} == {"fresh"}


def test_a_positive_that_is_labelled_not_relevant_is_a_judged_negative(work, tmp_path):
    query, document = sorted(written(work, "positive_id"))[0]
    others = [one for one in written(work, "positive_id") if one[0] == query]
    told = negmine.label(work, write_labels(tmp_path, (query, document, "0")))
    assert told["against_qrels"] == 1
    negmine.mine(work)
    assert (query, document) not in written(work, "positive_id")
    if len(others) > 1:
        labels = provenance(work).filter(negative_id=document, query_id=query)["negative_label"]
        assert set(labels) <= {"judged_negative"}


def test_labels_stay_when_mine_starts_from_the_defaults_and_go_when_they_are_forgotten(
    work, beir, tmp_path
):
    query, document = sorted(written(work))[0]
    negmine.label(work, write_labels(tmp_path, (query, document, "1")))
    negmine.mine(work, data=beir, retriever=["bm25"])
    assert (query, document) in written(work, "positive_id")
    assert negmine.label(work, None, forget=True)["forgotten"] == 1
    negmine.mine(work)
    assert (query, document) not in written(work, "positive_id")


def test_who_and_when_are_kept_and_the_newest_label_of_a_pair_counts(work, tmp_path):
    query, document = sorted(written(work))[0]
    negmine.label(work, write_labels(tmp_path, (query, document, "1")), who="ann")
    told = negmine.label(work, write_labels(tmp_path, (query, document, "1")), who="bob")
    assert (told["unchanged"], told["new"], told["changed"]) == (1, 0, 0)
    assert read_labels(Workdir(work))["who"].to_list() == ["ann"]
    told = negmine.label(work, write_labels(tmp_path, (query, document, "0")), who="bob")
    assert told["changed"] == 1
    kept = read_labels(Workdir(work)).row(0, named=True)
    assert (kept["relevance"], kept["who"]) == (0, "bob")
    assert kept["when"].startswith("20")


def test_every_wrong_row_is_named_and_nothing_is_kept(work, tmp_path):
    query, document = sorted(written(work))[0]
    file = write_labels(
        tmp_path, (query, document, "1"), ("nobody", document, "1"), (query, "nothing", "0"),
        (query, document, "0"), (query, document, "perhaps"), (query, document, ""),
    )  # fmt: skip
    with pytest.raises(InputError) as told:
        negmine.label(work, file)
    message = str(told.value)
    for words in ("nobody", "nothing", "but 1 in line 2", "perhaps", "labels.tsv"):
        assert words in message
    assert read_labels(Workdir(work)).is_empty()


def test_a_label_of_a_copy_is_one_of_the_first_and_one_of_a_lost_document_is_noted(tmp_path):
    beir = write_beir(tmp_path / "beir")
    negmine.mine(tmp_path / "a", data=beir, retriever=["bm25"])
    query, document = sorted(written(tmp_path / "a"))[0]
    negmine.label(tmp_path / "a", write_labels(tmp_path, (query, document, "1")))
    corpus = beir / "corpus.jsonl"
    lines = [json.loads(line) for line in corpus.read_text().splitlines()]
    left = [line for line in lines if line["_id"] != document]
    corpus.write_text("".join(json.dumps(line) + "\n" for line in left))
    done = invoke(
        "mine", tmp_path / "b", "--data", beir, "--retriever", "bm25", "--since", tmp_path / "a"
    )
    if done.exit_code == 0:
        assert "1 label of negmine label name" in done.stderr.replace("1 labels", "1 label")
    else:
        assert f"{document!r}" in done.stderr or document in done.stderr  # qrels name it, too


def test_suggestions_are_the_written_negatives_of_the_highest_risk_that_nobody_has_labelled(
    work, tmp_path
):
    rows = provenance(work).filter(pl.col("negative_label") == "unlabeled")
    rows = rows.unique(["query_id", "negative_id"])
    rows = rows.with_columns(doubt=pl.col("risk_score") * (1 - pl.col("risk_score")))
    best = rows.sort("doubt", "query_id", "negative_id", descending=[True, False, False]).head(5)
    told = negmine.suggest_labels(work, 5, tmp_path / "ask.tsv")
    assert told["questions"] == 5
    asked = pl.read_csv(tmp_path / "ask.tsv", separator="\t", infer_schema=False)
    assert asked.columns == [
        "query_id", "doc_id", "relevance", "risk", "neighbours", "query", "document"
    ]  # fmt: skip
    assert (
        asked.select("query_id", "doc_id").rows() == best.select("query_id", "negative_id").rows()
    )
    assert asked["relevance"].null_count() == 5
    assert all(asked["document"])
    told = negmine.label(work, tmp_path / "ask.tsv")
    assert (told["unanswered"], told["new"]) == (5, 0)
    asked.with_columns(relevance=pl.lit("0")).write_csv(tmp_path / "answers.tsv", separator="\t")
    assert negmine.label(work, tmp_path / "answers.tsv")["new"] == 5
    negmine.mine(work)
    negmine.suggest_labels(work, 5, tmp_path / "more.tsv")
    more = pl.read_csv(tmp_path / "more.tsv", separator="\t", infer_schema=False)
    assert not set(more.select("query_id", "doc_id").rows()) & set(
        asked.select("query_id", "doc_id").rows()
    )


def test_with_vectors_the_nearest_pairs_count_as_much_as_the_risk(tmp_path):
    flags = write_circle(tmp_path / "data", queries=12)
    work = tmp_path / "w"
    negmine.mine(work, no_relative_margin=True, max_risk=0.9, **flags)
    rows = _most_doubtful(open_existing(work, {}), 500)
    written = provenance(work).filter(pl.col("negative_label") == "unlabeled")
    assert rows.height == written.select("query_id", "negative_id").n_unique() > 20
    assert rows["neighbours"].null_count() == 0

    def places(values):
        return [1 + sum(other > value for other in values) for value in values]

    doubts = list(rows["risk"] * (1 - rows["risk"]))
    both = zip(places(doubts), places(list(rows["neighbours"])), strict=True)
    products = [one * other for one, other in both]
    assert products == sorted(products)
    assert list(rows["neighbours"]) != sorted(rows["neighbours"], reverse=True)


def test_with_vectors_no_risk_is_needed(tmp_path):
    flags = write_circle(tmp_path / "data", queries=12)
    negmine.mine(tmp_path / "w", no_relative_margin=True, no_risk=True, **flags)
    negmine.suggest_labels(tmp_path / "w", 20, tmp_path / "ask.tsv")
    rows = pl.read_csv(tmp_path / "ask.tsv", separator="\t")
    assert rows["risk"].null_count() == 20
    assert rows["neighbours"].to_list() == sorted(rows["neighbours"], reverse=True)


def test_answers_are_never_written_over_and_a_risk_is_needed(work, beir, tmp_path):
    negmine.suggest_labels(work, 2, tmp_path / "ask.tsv")
    with pytest.raises(SettingsError, match="is there already"):
        negmine.suggest_labels(work, 2, tmp_path / "ask.tsv")
    negmine.mine(tmp_path / "plain", data=beir, retriever=["bm25"], no_risk=True)
    with pytest.raises(SettingsError, match=r"by stored vectors.*--max-risk"):
        negmine.suggest_labels(tmp_path / "plain", 2, tmp_path / "other.tsv")
    negmine.index(tmp_path / "begun", data=beir, retriever=["bm25"])
    with pytest.raises((MissingArtifact, SettingsError)):
        negmine.suggest_labels(tmp_path / "begun", 2, tmp_path / "other.tsv")


def test_a_file_without_answers_changes_nothing(work, tmp_path):
    file = tmp_path / "labels.tsv"
    file.write_text("query_id\tdoc_id\trelevance\nq1\ttea-3\t\n")
    assert negmine.label(work, file)["labels"] == 0
    for text in ("", "query_id\tdoc_id\trelevance\n"):
        file.write_text(text)
        with pytest.raises(InputError, match=r"labels\.tsv"):
            negmine.label(work, file)
    assert {one.state for one in negmine.status(work)} == {"fresh"}


def test_damaged_labels_are_named(work, tmp_path):
    query, document = sorted(written(work))[0]
    negmine.label(work, write_labels(tmp_path, (query, document, "1")))
    file = work / "sources/labels.parquet"
    file.write_bytes(file.read_bytes()[:-9] + b"\0" * 9)
    with pytest.raises(CorruptArtifact, match=r"labels\.parquet is damaged"):
        negmine.mine(work)


def test_the_command_says_what_it_kept_and_what_to_run(work, tmp_path):
    query, document = sorted(written(work))[0]
    file = write_labels(tmp_path, (query, document, "1"))
    done = invoke("label", work, file, "--by", "ann")
    assert done.exit_code == 0, done.output
    assert "1 new" in done.stdout
    assert f"negmine mine {work}" in done.stdout
    told = json.loads(invoke("label", work, "--forget", "--json").stdout)
    assert told["data"]["forgotten"] == 1
    assert invoke("label", work).exit_code == 2
    assert invoke("label", work, file, "--forget").exit_code == 2


PAIRS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 2)),
    unique_by=lambda row: row[:2],
)


@given(PAIRS, PAIRS)
def test_labels_win_and_all_other_pairs_stay(qrels, labels):
    def table(rows):
        schema = {"query_id": pl.String, "doc_id": pl.String, "relevance": pl.Int32}
        made = pl.DataFrame(rows, schema=schema, orient="row")
        return made.with_columns(query_row=(pl.col("query_id") == "b").cast(pl.Int64))

    merged = with_labels(table(qrels), table(labels))
    wanted = {row[:2]: row[2] for row in qrels} | {row[:2]: row[2] for row in labels}
    assert {row[:2]: row[2] for row in merged.iter_rows()} == wanted
    assert merged.select("query_row", "doc_id").rows() == sorted(
        merged.select("query_row", "doc_id").rows()
    )


def test_a_file_without_rows_is_an_error_and_not_nothing_new(work, tmp_path):
    names = ("labels.tsv", "labels.jsonl", "labels.csv", "labels.txt")
    for file in (tmp_path / name for name in names):
        for content in ("", "\n\n", "query_id\tdoc_id\trelevance\n"):
            file.write_text(content)
            done = invoke("label", work, file)
            assert done.exit_code == 1, (file.name, content)
            assert str(file) in done.stderr
    assert not (work / "sources/labels.parquet").exists()
