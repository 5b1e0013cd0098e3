"""Tables that lie in many files: patterns, folders, datasets that were saved to disk, Arrow files."""

import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import negmine
from negmine.config.settings import IndexSettings
from negmine.data.sources import open_sources
from negmine.data.sources.problems import Problems
from negmine.errors import InputError
from tests.conftest import write_beir

FAST = {"retriever": ["bm25"], "k": 3}
DOCUMENTS = [{"_id": f"d{n}", "title": "", "text": f"text number {n}"} for n in range(7)]
QUERIES = [{"_id": "q", "text": "number three"}]


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def others(tmp_path):
    """Queries and qrels, as settings."""
    (tmp_path / "queries.jsonl").write_text(jsonl(QUERIES))
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\td3\t1\n")
    return {"queries": tmp_path / "queries.jsonl", "qrels": tmp_path / "qrels.tsv"}


def read(problems=None, **settings):
    problems = problems or Problems(skip=False)
    tables = list(open_sources(IndexSettings(**settings)).corpus(problems))
    problems.raise_if_any()
    return [(row["doc_id"], row["source_row"]) for table in tables for row in table.to_pylist()]


def write_parts(folder, write):
    """Write the documents into three files, in an order that is not that of their names."""
    folder.mkdir()
    for name, rows in (("c-2", DOCUMENTS[5:]), ("c-0", DOCUMENTS[:2]), ("c-1", DOCUMENTS[2:5])):
        write(folder / name, pa.Table.from_pylist(rows))
    return folder


def write_parquet(path, table):
    pq.write_table(table, path.with_suffix(".parquet"))


def write_stream(path, table):
    with pa.ipc.new_stream(path.with_suffix(".arrow"), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def write_feather(path, table):
    import pyarrow.feather as feather

    feather.write_feather(table, path.with_suffix(".feather"))


EXPECTED = [(f"d{n}", n) for n in range(7)]


@pytest.mark.parametrize("write", [write_parquet, write_stream, write_feather])
def test_a_folder_is_read_by_name_and_rows_count_on(tmp_path, others, write):
    folder = write_parts(tmp_path / "corpus", write)
    (folder / "_SUCCESS").write_text("")
    (folder / ".hidden.parquet").write_text("no")
    assert read(corpus=folder, **others) == EXPECTED


def test_a_pattern_is_read_by_name(tmp_path, others):
    folder = write_parts(tmp_path / "corpus", write_parquet)
    assert read(corpus=folder / "c-*.parquet", **others) == EXPECTED
    assert read(corpus=folder / "c-[01].parquet", **others) == EXPECTED[:5]
    assert read(corpus=tmp_path / "**" / "c-*.parquet", **others) == EXPECTED
    with pytest.raises(InputError, match=r"x-\*\.parquet: no file has such a name"):
        read(corpus=folder / "x-*.parquet", **others)


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path, others):
    path = tmp_path / "c[0].jsonl"
    path.write_text(jsonl(DOCUMENTS[:1]))
    (tmp_path / "c0.jsonl").write_text(jsonl(DOCUMENTS[1:2]))
    assert read(corpus=path, **others) == [("d0", 0)]


def test_one_file_and_many_give_the_same_rows(tmp_path, others):
    folder = write_parts(tmp_path / "corpus", write_parquet)
    (tmp_path / "corpus.jsonl").write_text(jsonl(DOCUMENTS))
    negmine.mine(tmp_path / "many", corpus=folder, **others, **FAST)
    negmine.mine(tmp_path / "one", corpus=tmp_path / "corpus.jsonl", **others, **FAST)
    for name in ("1-index/corpus", "4-filter/verdicts"):
        many, one = (pl.read_parquet(tmp_path / w / name / "*.parquet") for w in ("many", "one"))
        assert many.equals(one)


def test_a_file_more_is_a_changed_source(tmp_path, others):
    folder = write_parts(tmp_path / "corpus", write_parquet)
    negmine.index(tmp_path / "work", corpus=folder, **others, **FAST)
    write_parquet(folder / "c-3", pa.Table.from_pylist([{"_id": "d7", "title": "", "text": "new"}]))
    state = next(
        s for s in negmine.status(tmp_path / "work") if s.artifact.name == "1-index/corpus"
    )
    assert (state.state, state.why) == ("stale", "the source files changed")


def test_a_repeated_id_names_both_files(tmp_path, others):
    for name in ("a", "b"):
        (tmp_path / f"corpus-{name}.jsonl").write_text("\n" + jsonl(DOCUMENTS[:1]))
    with pytest.raises(InputError) as told:
        read(corpus=tmp_path / "corpus-*.jsonl", **others)
    assert "corpus-b.jsonl, line 2" in str(told.value)
    assert '"d0" stands in line 2 of corpus-a.jsonl already' in str(told.value)


def test_qrels_of_many_files_are_one_table(tmp_path, others):
    (tmp_path / "corpus.jsonl").write_text(jsonl(DOCUMENTS))
    head = "query-id\tcorpus-id\tscore\n"
    (tmp_path / "judged-1.tsv").write_text(head + "q\td3\t1\nq\td4\t0\n")
    (tmp_path / "judged-2.tsv").write_text(head + "q\td5\t1\nq\td4\t1\nq\tnone\t1\n")
    flags = {"corpus": tmp_path / "corpus.jsonl", "queries": others["queries"], **FAST}
    with pytest.raises(InputError) as told:
        negmine.index(tmp_path / "work", qrels=tmp_path / "judged-*.tsv", **flags)
    assert "judged-2.tsv, line 3: query" in str(told.value)
    assert "relevance 1, but 0 in line 3 of judged-1.tsv" in str(told.value)
    assert 'judged-2.tsv, line 4: doc_id "none" is not in the corpus' in str(told.value)


def test_pairs_of_many_files_are_numbered_on(tmp_path):
    for part in range(2):
        rows = [{"anchor": f"q{part}{n}", "positive": f"p{part}{n}"} for n in range(3)]
        (tmp_path / f"pairs-{part}.jsonl").write_text(jsonl(rows))
    negmine.index(tmp_path / "work", pairs=tmp_path / "pairs-*.jsonl", **FAST)
    queries = pl.read_parquet(tmp_path / "work" / "1-index" / "queries" / "*.parquet")
    assert queries["query_id"].to_list() == [f"pairs:{n + 1}" for n in range(6)]
    assert queries["text"].to_list() == [f"q{part}{n}" for part in range(2) for n in range(3)]
    (tmp_path / "pairs-2.jsonl").write_text('{"query": "a", "positive": "b"}\n')
    with pytest.raises(InputError, match=r"pairs-2\.jsonl has no column 'anchor'"):
        negmine.index(tmp_path / "other", pairs=tmp_path / "pairs-*.jsonl", **FAST)


def test_a_dataset_that_was_saved_to_disk(tmp_path, others):
    datasets = pytest.importorskip("datasets")
    saved = datasets.Dataset.from_list(DOCUMENTS)
    saved.save_to_disk(str(tmp_path / "saved"), num_shards=3)
    assert read(corpus=tmp_path / "saved", **others) == EXPECTED
    datasets.DatasetDict({"train": saved}).save_to_disk(str(tmp_path / "one"))
    assert read(corpus=tmp_path / "one", **others) == EXPECTED
    both = datasets.DatasetDict({"train": saved, "test": saved})
    both.save_to_disk(str(tmp_path / "both"))
    with pytest.raises(
        InputError, match=r"both has several splits. Name the folder of one: .*both/train"
    ):
        read(corpus=tmp_path / "both", **others)
    assert read(corpus=tmp_path / "both" / "train", **others) == EXPECTED


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ('{"_data_files": [{"filename": "../../etc/passwd"}]}', "is no file beside it"),
        ('{"_data_files": []}', "lists no Arrow files"),
        ("[1]", "is no JSON object"),
        ("{", "cannot be read"),
    ],
)
def test_a_state_that_lies_is_refused(tmp_path, others, state, message):
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "state.json").write_text(state)
    with pytest.raises(InputError, match=message):
        read(corpus=tmp_path / "saved", **others)


def test_categories_and_bytes_of_arrow_are_texts(tmp_path, others):
    table = pa.table(
        {
            "_id": pa.array(["a", "b"]),
            "text": pa.array([b"one", b"two"]),
            "kind": pa.array(["x", "x"]).dictionary_encode(),
        }
    )
    write_stream(tmp_path / "corpus", table)
    settings = IndexSettings(corpus=tmp_path / "corpus.arrow", **others)
    (rows,) = open_sources(settings).corpus(Problems(skip=False))
    assert [(r["text"], r["kind"]) for r in rows.to_pylist()] == [("one", "x"), ("two", "x")]


def test_a_damaged_arrow_file_is_told(tmp_path, others):
    write_stream(tmp_path / "corpus", pa.Table.from_pylist(DOCUMENTS))
    path = tmp_path / "corpus.arrow"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"corpus\.arrow: cannot be read as Arrow IPC"):
        read(corpus=path, **others)
    path.write_bytes(b"FEA1" + b"\0" * 100)
    with pytest.raises(InputError, match="Feather of version 1"):
        read(corpus=path, **others)


def test_a_folder_of_different_tables_is_refused(tmp_path, others):
    for name in ("corpus", "queries"):
        write_parquet(tmp_path / name, pa.Table.from_pylist(DOCUMENTS))
    with pytest.raises(InputError, match=r"has files of corpus and queries. Name a file"):
        read(corpus=tmp_path, **others)


def test_a_folder_as_the_hub_has_it_is_read_as_data(tmp_path):
    folder = tmp_path / "tea"
    for name in ("corpus", "queries", "qrels"):
        (folder / name).mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(DOCUMENTS), folder / "corpus" / "corpus-00000.parquet")
    pq.write_table(pa.Table.from_pylist(QUERIES), folder / "queries" / "queries-00000.parquet")
    judged = [{"query-id": "q", "corpus-id": "d3", "score": 1}]
    pq.write_table(pa.Table.from_pylist(judged), folder / "qrels" / "test-00000.parquet")
    negmine.index(tmp_path / "work", data=folder, **FAST)
    qrels = pl.read_parquet(tmp_path / "work" / "1-index" / "qrels" / "*.parquet")
    assert qrels.rows() == [("q", "d3", 1)]


def test_a_beir_folder_is_read_as_ever_beside_a_readme(tmp_path):
    folder = write_beir(tmp_path / "beir")
    head = "configs:\n- config_name: corpus\n  data_files: other.jsonl\n"
    (folder / "README.md").write_text(f"---\n{head}---\n")
    (folder / "other.jsonl").write_text("{}\n")
    sources = open_sources(IndexSettings(data=folder))
    assert [one.name for one in sources.corpus_files] == ["corpus.jsonl"]
    assert [one.name for one in sources.qrels_files] == ["train.tsv"]
