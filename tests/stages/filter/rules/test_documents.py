"""Rules about the document: the text of a positive, what is partly relevant, near-duplicates, parents."""

import json

import polars as pl
import pytest

import negmine
from negmine.stages.filter.compute import same_text_as_positive
from negmine.storage.workdir import Workdir
from tests.conftest import write_beir
from tests.stages.filter.rules.deciding import decide, kept

BODY = "Green tea is best brewed at eighty degrees for two minutes."
OTHERS = {f"o{n}": ("Tea", f"Green tea number {n} wants water of {n} degrees.") for n in range(4)}


def test_the_same_text_with_a_title_or_without_is_that_of_a_positive():
    keyed = pl.DataFrame(
        {
            "query_id": ["q", "q", "q", "q", "r"],
            "label": ["positive", *["unlabeled"] * 4],
            "text_key": [b"1", b"1", b"2", b"3", b"1"],
            "body_key": [b"1", b"9", b"1", b"8", b"1"],
        }
    )
    assert same_text_as_positive(keyed).to_list() == [True, True, True, False, False]


@pytest.mark.parametrize("near", [{}, {"no_near_duplicate": True}])
def test_a_pairs_positive_is_the_document_that_has_its_text_below_a_title(tmp_path, near):
    corpus = {"tea": ("Brewing tea", BODY), **OTHERS}
    lines = [{"_id": n, "title": title, "text": text} for n, (title, text) in corpus.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)))
    pair = {"anchor": "how hot should water be for green tea", "positive": BODY}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(pair))
    files = {"corpus": tmp_path / "corpus.jsonl", "pairs": tmp_path / "pairs.jsonl"}
    result = negmine.mine(tmp_path / "w", retriever=["bm25"], **files, **near)
    written = pl.read_parquet(tmp_path / "w/5-write/triplet/*.parquet")
    assert written.height == len(OTHERS)
    assert not written.filter(pl.col("negative").str.contains("eighty")).height
    assert written["positive"].unique().to_list() == [f"Brewing tea {BODY}"]
    assert result.summary["removed"] == {"is_positive": 1}


def test_a_document_with_the_text_of_a_positive_under_another_title_is_no_negative(tmp_path):
    documents = {"tea": ("Brewing tea", BODY), "copy": ("A page of its own", BODY), **OTHERS}
    write_beir(tmp_path / "d", documents, {"q": "green tea water"}, [("q", "tea", 1)])
    negmine.mine(tmp_path / "w", data=tmp_path / "d", retriever=["bm25"], no_near_duplicate=True)
    rows = Workdir(tmp_path / "w").scan("4-filter/verdicts").collect()
    assert rows.filter(pl.col("doc_id") == "copy")["reason"].to_list() == ["same_text_as_positive"]
    corpus = Workdir(tmp_path / "w").read("1-index/corpus", 0)
    assert corpus["same_as"].null_count() == corpus.height


def test_a_document_that_people_found_partly_relevant_is_no_negative(tmp_path):
    qrels = [("q", "o0", 2), ("q", "o1", 1), ("q", "o2", 0)]
    write_beir(tmp_path / "d", OTHERS, {"q": "green tea water"}, qrels)
    said = {"data": tmp_path / "d", "retriever": ["bm25"], "no_near_duplicate": True}
    result = negmine.mine(tmp_path / "w", min_relevance=2, **said)
    assert result.summary["removed"] == {"is_positive": 1, "partly_relevant": 1}
    rows = Workdir(tmp_path / "w").scan("4-filter/verdicts").collect()
    assert dict(rows.select("doc_id", "label").iter_rows())["o1"] == "partly_relevant"
    assert negmine.mine(tmp_path / "w", **said).summary["removed"] == {"is_positive": 2}


def test_near_duplicates_can_be_let_through():
    about = {"positive_similarity": [1.0, 0.99]}
    assert kept([0.1], about=about) == []
    assert kept([0.1], about=about, no_near_duplicate=True) == ["d0"]
    assert kept([0.1], about=about, near_duplicate=0.995) == ["d0"]


def test_a_document_of_the_same_parent_is_dropped():
    decided = decide([0.1] * 2, about={"same_parent": [True, True, False]}, same_parent="article")
    assert decided["reason"].to_list() == ["is_positive", "same_parent_as_positive", None]


def test_a_document_with_the_answer_is_dropped():
    decided = decide([0.1] * 2, about={"contains_answer": [True, True, False]}, contains_answer="a")
    assert decided["reason"].to_list() == ["is_positive", "contains_answer", None]
