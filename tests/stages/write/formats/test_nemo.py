"""nemo: one JSON object of ids, and a corpus folder with its metadata."""

import json

from tests.stages.write.formats.bundles import files


def test_the_file_names_its_corpus_and_the_corpus_itself(tmp_path):
    made = files(tmp_path, format="nemo", num_negatives=2)
    assert json.loads(made["train.json"]) == {
        "corpus": [{"path": "corpus"}],
        "data": [
            {
                "question_id": "q",
                "question": "Q",
                "corpus_id": "negmine",
                "pos_doc": [{"id": "p1"}, {"id": "p2"}],
                "neg_doc": [{"id": "a"}, {"id": "c"}],
            }
        ],
    }
    assert made["corpus/train.parquet"] == [("a", "A"), ("c", "C"), ("p1", "P1"), ("p2", "P2")]
    about = {"class": "TextQADataset", "corpus_id": "negmine"}
    assert json.loads(made["corpus/merlin_metadata.json"]) == about


def test_an_instruction_is_in_the_metadata(tmp_path):
    made = files(tmp_path, format="nemo", instruction='say "tea"')
    assert json.loads(made["corpus/merlin_metadata.json"])["query_instruction"] == 'say "tea"'
