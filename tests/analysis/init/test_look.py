"""What the beginnings of files tell: rows, columns, splits, relevance."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from negmine.analysis.init.look import look
from negmine.config.settings import IndexSettings
from negmine.errors import InputError
from tests.conftest import write_beir


def jsonl(path, count, width=20):
    rows = [
        {"_id": str(n), "title": "", "text": f"text {n} " + "x" * (n % width)} for n in range(count)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.mark.parametrize("name", ["corpus.jsonl", "corpus.jsonl.gz"])
def test_the_rows_of_a_large_file_are_estimated_within_a_few_percent(tmp_path, name):
    write_beir(tmp_path / "beir")
    (tmp_path / "beir" / "corpus.jsonl").unlink()
    jsonl(tmp_path / "beir" / name, 40_000)
    corpus = look(IndexSettings(data=tmp_path / "beir")).tables[0]
    assert corpus.is_estimate
    assert corpus.rows == pytest.approx(40_000, rel=0.1)


def test_the_rows_of_a_small_file_and_of_parquet_are_counted(tmp_path):
    write_beir(tmp_path / "beir")
    small = look(IndexSettings(data=tmp_path / "beir")).tables[0]
    assert (small.rows, small.is_estimate) == (24, False)
    (tmp_path / "beir" / "corpus.jsonl").unlink()
    table = pa.table({"doc_id": [str(n) for n in range(20_000)], "contents": ["x"] * 20_000})
    pq.write_table(table, tmp_path / "beir" / "corpus.parquet")
    large = look(IndexSettings(data=tmp_path / "beir")).tables[0]
    assert (large.rows, large.is_estimate) == (20_000, False)
    assert large.used == {"doc_id": "doc_id", "text": "contents"}


def test_columns_are_named_with_what_they_are_used_for(tmp_path):
    corpus, queries, _ = look(IndexSettings(data=write_beir(tmp_path / "beir"))).tables
    assert corpus.columns == ["_id", "title", "text"]
    assert corpus.used == {"doc_id": "_id", "text": "text", "title": "title"}
    assert queries.used == {"query_id": "_id", "text": "text"}


def test_judgements_are_counted_by_relevance_and_by_query(tmp_path):
    judged = look(IndexSettings(data=write_beir(tmp_path / "beir"))).judgements
    assert judged.relevances == {0: 1, 1: 7, 2: 1}
    assert (judged.queries, judged.several) == (7, 1)


@pytest.mark.parametrize(
    ("names", "split"),
    [
        (["test", "train"], "train"),
        (["dev", "test"], "dev"),
        (["test", "validation"], "validation"),
        (["mono", "test"], "mono"),
        (["test"], None),
    ],
)
def test_the_split_that_is_read_is_one_to_train_with(tmp_path, names, split):
    for name in names:
        write_beir(tmp_path / "beir", split=name)
    data = look(IndexSettings(data=tmp_path / "beir"))
    assert (data.splits, data.split) == (sorted(names), split)


def test_rows_that_cannot_be_used_are_counted_and_a_missing_column_is_told(tmp_path):
    write_beir(tmp_path / "beir")
    corpus = tmp_path / "beir" / "corpus.jsonl"
    corpus.write_text(corpus.read_text() + "not JSON\n" + '{"_id": "x", "text": ""}\n')
    skipped = look(IndexSettings(data=tmp_path / "beir")).tables[0].skipped
    assert sum(skipped.values()) == 2
    corpus.write_text('{"name": "x", "words": "y"}\n')
    with pytest.raises(InputError, match="has no column for the doc id"):
        look(IndexSettings(data=tmp_path / "beir"))
    corpus.write_text("")
    with pytest.raises(InputError, match=r"corpus\.jsonl: there is no row in it that can be read"):
        look(IndexSettings(data=tmp_path / "beir"))


def test_a_file_that_is_one_list_is_told_as_mine_tells_it(tmp_path):
    file = tmp_path / "pairs.json"
    file.write_text('[{"anchor": "a", "positive": "b"}]')
    with pytest.raises(InputError, match="line 1: invalid JSON: a JSON list, not an object"):
        look(IndexSettings(pairs=file))
