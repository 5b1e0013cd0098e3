"""colbert: numbers in rows, a passage's number is its line, no tab inside a text."""

import polars as pl

from tests.stages.write.build import DOCUMENTS, QUERIES, SCORED, verdicts
from tests.stages.write.formats.bundles import files


def test_a_row_has_the_query_the_positive_and_the_negatives(tmp_path):
    assert files(tmp_path, format="colbert", num_negatives=2) == {
        "triples.jsonl": "[0,2,0,1]\n[0,3,0,1]\n",
        "queries.tsv": "0\tQ\n",
        "collection.tsv": "0\tA\n1\tC\n2\tP1\n3\tP2\n",
        "query_ids.jsonl": '{"qid":0,"query_id":"q"}\n',
        "document_ids.jsonl": (
            '{"pid":0,"doc_id":"a"}\n{"pid":1,"doc_id":"c"}\n{"pid":2,"doc_id":"p1"}\n'
            '{"pid":3,"doc_id":"p2"}\n'
        ),
    }


def test_with_a_teacher_every_passage_has_its_score(tmp_path):
    made = files(tmp_path, format="colbert", num_negatives=2, teacher="bm25")
    assert made["triples.jsonl"] == "[0,[2,9.0],[0,3.0],[1,2.5]]\n[0,[3,8.0],[0,3.0],[1,2.5]]\n"


def test_tabs_and_line_breaks_in_texts_become_blanks(tmp_path):
    odd = pl.col("text").replace_strict({"A": "1\t2\r\n3\u20284"}, default=pl.col("text"))
    queries = QUERIES.with_columns(text=pl.lit("how\tto\n'quote\""))
    made = files(
        tmp_path, format="colbert", num_negatives=1, documents=DOCUMENTS.with_columns(odd),
        queries=queries,
    )  # fmt: skip
    assert made["collection.tsv"] == "0\t1 2  3 4\n1\tP1\n2\tP2\n"
    assert made["queries.tsv"] == "0\thow to 'quote\"\n"


def test_numbers_go_on_from_part_to_part(tmp_path):
    second = verdicts([("d", True), ("b", True)], ("p",), "lonely")
    made = files(tmp_path, format="colbert", num_negatives=1, parts=[SCORED, second])
    assert made["queries.tsv"] == "0\tQ\n1\tL\n"
    assert made["collection.tsv"].splitlines() == ["0\tA", "1\tD", "2\tP", "3\tP1", "4\tP2"]
    assert made["triples.jsonl"] == "[0,3,0]\n[0,4,0]\n[1,2,1]\n"
