"""Relevance judgements in every shape, and BEIR folders with their splits."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import negmine
from negmine.data.sources.beir import qrels_files
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import read_qrels
from negmine.errors import InputError
from tests.conftest import write_beir

EXPECTED = [("q1", "d1", 1), ("q1", "d2", 0), ("q2", "d1", 2)]
TEXTS = {
    "beir.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\nq2\td1\t2\n",
    "headerless.tsv": "q1\td1\t1\nq1\td2\t0\nq2\td1\t2\n",
    "trec.txt": "q1 0 d1 1\nq1 0 d2 0\nq2 0 d1 2\n",
    "trec.qrels": "q1\t0\td1\t1\n\nq1\t0\td2\t0\r\nq2\tQ0\td1\t2",
    "trec.tsv": "q1\t0\td1\t1\nq1\t0\td2\t0\nq2\t0\td1\t2\n",
    "named.csv": "qid,docno,rel\nq1,d1,1\nq1,d2,0\nq2,d1,2\n",
    "turned.csv": "relevance,doc_id,query_id\n1,d1,q1\n0,d2,q1\n2,d1,q2\n",
    "rows.jsonl": '{"query_id": "q1", "doc_id": "d1", "relevance": 1}\n'
    '{"query_id": "q1", "doc_id": "d2", "relevance": 0}\n'
    '{"query_id": "q2", "doc_id": "d1", "relevance": 2.0}\n',
}


def read(path, skip=False):
    problems = Problems(skip=skip)
    rows = [row for table in read_qrels(path, problems) for row in table.to_pylist()]
    problems.raise_if_any()
    return [(row["query_id"], row["doc_id"], row["relevance"]) for row in rows], problems


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("name", TEXTS)
def test_every_shape_of_qrels(tmp_path, name, packed):
    data = TEXTS[name].encode()
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(data) if packed else data)
    assert read(path)[0] == EXPECTED


def test_parquet_with_integer_ids(tmp_path):
    table = pa.table(
        {"query-id": [1, 1], "corpus-id": [10, 11], "score": pa.array([1, 0], pa.int8())}
    )
    pq.write_table(table, tmp_path / "qrels.parquet")
    assert read(tmp_path / "qrels.parquet")[0] == [("1", "10", 1), ("1", "11", 0)]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "qid,docno,rel\nq,d,high\n", 'line 2: relevance "high" is no whole number'),
        ("a.csv", "qid,docno,rel\nq,d,0.5\n", 'line 2: relevance "0.5" is no whole number'),
        ("a.csv", "qid,docno,rel\n,d,1\n", "line 2: query_id is empty"),
        ("a.csv", "qid,docno,rel\nq,,1\n", "line 2: doc_id is empty"),
        ("a.csv", "qid,docno,rel\nq,d,1\nq,d,0\n", "line 3: .*relevance 0, but 1 in line 2"),
        ("a.txt", "q 0 d 1\n\nq 0 d\n", "line 3: 3 fields where there should be 4"),
        ("a.csv", "qid,thing,rel\nq,d,1\n", "no column for the doc id. It has: qid, thing, rel"),
    ],
)
def test_faults_in_qrels_are_told(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said):
        read(tmp_path / name)


def test_repeated_rows_are_noted(tmp_path):
    (tmp_path / "a.txt").write_text("q 0 d 1\nq 0 d 1\n")
    rows, problems = read(tmp_path / "a.txt")
    assert rows == [("q", "d", 1)]
    assert problems.notes == ["a.txt: 1 row repeats an earlier one"]


def test_dangling_rows_are_told_by_their_line(tmp_path):
    data = write_beir(tmp_path / "beir")
    file = data / "qrels" / "train.tsv"
    file.write_text(
        "query-id\tcorpus-id\tscore\nq1\ttea-1\t1\n\nq1\tnowhere\t1\nnobody\ttea-1\t1\n"
    )
    with pytest.raises(InputError) as told:
        negmine.index(tmp_path / "work", data=data, retriever=["bm25"])
    assert f'{file}, line 4: doc_id "nowhere" is not in the corpus' in str(told.value)
    assert f'{file}, line 5: query_id "nobody" is not in the queries' in str(told.value)


def test_the_split_is_train_or_the_only_one_or_asked_for(tmp_path):
    data = write_beir(tmp_path / "beir", split="dev", gz=True)
    assert qrels_files(data, None)[0].name == "dev.tsv.gz"
    (data / "qrels" / "test.tsv").write_text(TEXTS["beir.tsv"])
    with pytest.raises(
        InputError, match=r"several splits: dev, test\. Choose one with --qrels-split"
    ):
        qrels_files(data, None)
    with pytest.raises(InputError, match=r"no split 'deb'. There are: dev, test"):
        qrels_files(data, "deb")
    assert qrels_files(data, "test")[0].name == "test.tsv"
    (data / "qrels" / "train.tsv").write_text(TEXTS["beir.tsv"])
    assert qrels_files(data, None)[0].name == "train.tsv"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: (data / "corpus.jsonl").unlink(), r"has no corpus\.jsonl"),
        (lambda data: (data / "qrels" / "train.tsv").unlink(), "has no qrels"),
        (lambda data: (data / "corpus.csv").write_text("_id,text\n"), "Remove one"),
    ],
)
def test_a_folder_that_is_no_beir_folder(tmp_path, spoil, said):
    data = write_beir(tmp_path / "beir")
    spoil(data)
    with pytest.raises(InputError, match=said):
        negmine.mine(tmp_path / "work", data=data, retriever=["bm25"])


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"--data .*nowhere does not exist"):
        negmine.mine(tmp_path / "work", data=tmp_path / "nowhere", retriever=["bm25"])


def test_gzipped_folders_give_the_same_rows(tmp_path):
    plain = negmine.mine(tmp_path / "a", data=write_beir(tmp_path / "plain"), retriever=["bm25"])
    data = write_beir(tmp_path / "packed", gz=True)
    packed = negmine.mine(tmp_path / "b", data=data, retriever=["bm25"])
    assert plain.summary == packed.summary
