"""What an evaluation set is: which of its texts count, and what its identity is."""

import gzip
import json

import polars as pl
import pytest

from negmine.config.settings import FilterSettings, IndexSettings
from negmine.data.identity import file_digest
from negmine.errors import InputError
from negmine.stages.filter.contamination.evaluation import open_sets
from tests.stages.filter.contamination.planted import mine, write_evaluation


def texts_of(path, **settings):
    """Return the ids of a set, by `query` and `document`."""
    (one,) = open_sets([path], FilterSettings(**settings), IndexSettings())
    ids = {"query": [], "document": []}
    for what, rows in one.texts(lambda note: None):
        ids[what] += rows["id"].to_list()
    return ids


def test_the_queries_of_the_split_and_the_documents_that_are_relevant_to_them_count(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    assert texts_of(folder) == {"query": ["t1", "t2", "t3"], "document": ["e1", "e2"]}
    assert texts_of(folder, eval_documents="all")["document"] == ["e1", "e2", "e3"]
    assert texts_of(folder, eval_documents="none") == {"query": ["t1", "t2", "t3"], "document": []}


def test_a_folder_without_qrels_has_all_its_texts_compared(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    (folder / "qrels" / "test.tsv").unlink()
    assert texts_of(folder) == {"query": ["t1", "t2", "t3", "t4"], "document": ["e1", "e2", "e3"]}


def test_test_is_the_split_unless_another_is_named(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    write_evaluation(folder, qrels=[("t4", "e3", 1)], split="dev")
    assert texts_of(folder)["query"] == ["t1", "t2", "t3"]
    assert texts_of(folder, eval_split="dev") == {"query": ["t4"], "document": ["e3"]}
    with pytest.raises(InputError, match="There are: dev, test"):
        texts_of(folder, eval_split="tset")
    (folder / "qrels" / "test.tsv").rename(folder / "qrels" / "train.tsv")
    with pytest.raises(InputError, match="--eval-split"):
        texts_of(folder)


def test_a_file_holds_queries_or_documents_by_its_columns_or_name(tmp_path):
    queries, documents, corpus = (
        tmp_path / name for name in ("q.jsonl", "d.jsonl", "corpus.jsonl")
    )
    queries.write_text(json.dumps({"_id": "1", "question": "what is tea"}) + "\n")
    documents.write_text(json.dumps({"_id": "1", "title": "Tea", "text": "A drink."}) + "\n")
    corpus.write_text(json.dumps({"_id": "1", "text": "A drink."}) + "\n")
    assert texts_of(queries) == {"query": ["1"], "document": []}
    assert texts_of(documents) == {"query": [], "document": ["1"]}
    assert texts_of(corpus) == {"query": [], "document": ["1"]}


def test_a_file_without_ids_has_the_numbers_of_its_lines(tmp_path):
    files = {
        "list.txt": "what is tea\n\n  how hot is it \n",
        "a.jsonl": '{"question": "what is tea"}\n\n{"question": "how hot is it"}\n',
        "b.csv": 'text,topic\n"what is\ntea",t\nhow hot is it,t\n',
        "documents.txt": "A drink.\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    packed = tmp_path / "list2.TXT.gz"
    packed.write_bytes(gzip.compress(b"what is tea"))
    table = tmp_path / "c.parquet"
    pl.DataFrame({"query": ["what is tea", "how hot is it"]}).write_parquet(table)
    assert texts_of(tmp_path / "list.txt") == {"query": ["1", "3"], "document": []}
    assert texts_of(tmp_path / "a.jsonl")["query"] == ["1", "3"]
    assert texts_of(tmp_path / "b.csv")["query"] == ["2", "4"]
    assert texts_of(packed)["query"] == ["1"]
    assert texts_of(table)["query"] == ["1", "2"]
    assert texts_of(tmp_path / "documents.txt") == {"query": [], "document": ["1"]}


def test_a_bad_row_of_a_file_without_ids_is_counted_once(tmp_path):
    path, notes = tmp_path / "queries.jsonl", []
    path.write_text('{"text": "tea"}\n{broken\n{"text": ""}\n')
    (one,) = open_sets([path], FilterSettings(), IndexSettings())
    assert [row for _, table in one.texts(notes.append) for row in table["id"]] == ["1"]
    assert len(notes) == 2
    assert all(": 1 of the evaluation set's rows left out" in note for note in notes)


def test_a_file_of_an_unknown_format_is_refused(tmp_path):
    (tmp_path / "queries.xml").write_text("<q/>")
    with pytest.raises(InputError, match="what format is this"):
        texts_of(tmp_path / "queries.xml")


def test_a_documents_title_stands_before_its_text_as_in_the_run(tmp_path):
    path = tmp_path / "corpus.parquet"
    pl.DataFrame({"_id": ["1"], "title": ["Tea"], "text": ["A drink."]}).write_parquet(path)
    (one,) = open_sets([path], FilterSettings(), IndexSettings(title_separator=": "))
    ((_, rows),) = one.texts(lambda note: None)
    assert rows["text"].to_list() == ["Tea: A drink."]


def test_bad_rows_are_left_out_and_counted(tmp_path):
    path, notes = tmp_path / "queries.jsonl", []
    path.write_text('{"_id": "1", "text": ""}\n{"_id": "2", "text": "tea"}\n{broken\n')
    (one,) = open_sets([path], FilterSettings(), IndexSettings())
    rows = [row for _, table in one.texts(notes.append) for row in table["id"]]
    assert rows == ["2"]
    assert len(notes) == 2
    assert all("1 of the evaluation set's rows left out" in note for note in notes)


def test_a_work_directory_is_a_set_of_its_mined_queries_and_their_positives(tmp_path):
    mine(tmp_path)
    ids = texts_of(tmp_path / "work")
    assert sorted(ids["query"]) == ["clean", "long", "of-copy", "of-span", "same"]
    assert sorted(ids["document"]) == ["clean-1", "clean-2", "clean-3", "copy", "span"]
    assert len(texts_of(tmp_path / "work", eval_documents="all")["document"]) == 7


def test_the_identity_is_that_of_the_files_whatever_their_path(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    (one,) = open_sets([folder], FilterSettings(), IndexSettings())
    before = one.digest(file_digest)
    moved = folder.rename(tmp_path / "elsewhere")
    (two,) = open_sets([moved], FilterSettings(), IndexSettings())
    assert two.digest(file_digest) == before
    write_evaluation(moved, queries={"t1": "another"})
    assert two.digest(file_digest) != before


def test_sets_of_one_name_are_told_apart_and_one_that_is_named_twice_counts_once(tmp_path):
    one, two = (write_evaluation(tmp_path / parent / "set") for parent in ("a", "b"))
    sets = open_sets([one, two, one], FilterSettings(), IndexSettings())
    assert [each.name for each in sets] == ["a/set", "b/set"]


def test_what_is_no_set_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        texts_of(tmp_path / "nowhere")
    (tmp_path / "notes.docx").write_text("")
    with pytest.raises(InputError, match="Known endings"):
        texts_of(tmp_path / "notes.docx")
