"""beir: a folder as BEIR has it, and what a reranker should sort."""

import polars as pl
import pytest

from negmine.errors import InputError
from tests.stages.write.build import DOCUMENTS, SCORED
from tests.stages.write.formats.bundles import files

QRELS = "query-id\tcorpus-id\tscore\nq\tp1\t1\nq\tp2\t1\n"


def test_the_folder_has_texts_qrels_and_lists_to_rerank(tmp_path):
    assert files(tmp_path, format="beir", num_negatives=2) == {
        "top_ranked.jsonl": '{"query-id":"q","corpus-ids":["a","c","p1","p2"]}\n',
        "corpus.jsonl": "".join(
            f'{{"_id":"{one}","title":"","text":"{one.upper()}"}}\n'
            for one in ("a", "c", "p1", "p2")
        ),
        "queries.jsonl": '{"_id":"q","text":"Q"}\n',
        "qrels/train.tsv": QRELS,
    }


def test_instructions_have_a_file_of_their_own(tmp_path):
    made = files(tmp_path, format="beir", instruction="Find")
    assert made["instructions.jsonl"] == '{"query-id":"q","instruction":"Find"}\n'


def test_an_id_that_tsv_cannot_hold_is_an_error(tmp_path):
    odd = {"p1": "p\t1"}
    renamed = pl.col("doc_id").replace(odd)
    with pytest.raises(InputError, match=r"corpus-id 'p\\t1' has a tab"):
        files(
            tmp_path, SCORED.with_columns(renamed), documents=DOCUMENTS.with_columns(renamed),
            format="beir",
        )  # fmt: skip


def test_qrels_without_a_row_still_have_their_first_line(tmp_path):
    made = files(tmp_path, SCORED.clear(), format="beir")
    assert made["qrels/train.tsv"] == "query-id\tcorpus-id\tscore\n"
