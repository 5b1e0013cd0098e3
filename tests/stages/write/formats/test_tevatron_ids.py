"""tevatron-ids: ids in rows, texts in a corpus under the key that Tevatron's code reads."""

from tests.stages.write.formats.bundles import files


def test_rows_have_ids_and_the_corpus_has_texts(tmp_path):
    assert files(tmp_path, format="tevatron-ids", num_negatives=1) == {
        "train.jsonl": (
            '{"query_id":"q","query_text":"Q","positive_document_ids":["p1","p2"],'
            '"negative_document_ids":["a"]}\n'
        ),
        "corpus.jsonl": (
            '{"docid":"a","text":"A"}\n{"docid":"p1","text":"P1"}\n{"docid":"p2","text":"P2"}\n'
        ),
    }
