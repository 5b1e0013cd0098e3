"""gpl: margins in TSV, and the files that GPL would have made on its way there."""

from tests.stages.write.formats.bundles import files


def test_the_folder_goes_straight_to_training(tmp_path):
    made = files(tmp_path, format="gpl", num_negatives=2, teacher="bm25")
    texts = "".join(
        f'{{"_id":"{one}","title":"","text":"{one.upper()}"}}\n' for one in ("a", "c", "p1", "p2")
    )
    assert made == {
        "gpl-training-data.tsv": "q\tp1\ta\t6.0\nq\tp1\tc\t6.5\nq\tp2\ta\t5.0\nq\tp2\tc\t5.5\n",
        "hard-negatives.jsonl": '{"qid":"q","pos":["p1","p2"],"neg":{"negmine":["a","c"]}}\n',
        "corpus.jsonl": texts,
        "qgen-queries.jsonl": '{"_id":"q","text":"Q"}\n',
        "qgen-qrels/train.tsv": "query-id\tcorpus-id\tscore\nq\tp1\t1\nq\tp2\t1\n",
    }
