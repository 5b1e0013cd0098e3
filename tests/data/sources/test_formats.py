"""Every format, plain and gzipped, gives the same tables."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import IndexSettings
from negmine.data.sources import open_sources
from negmine.data.sources.problems import Problems
from negmine.errors import InputError

ROWS = [
    {"_id": "a", "title": "Tea", "text": "Green tea, brewed"},
    {"_id": "b", "title": "", "text": "Zürich\tliegt"},
    {"_id": "7", "title": "緑茶", "text": "お茶を八十度で"},
]


def jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def separated(rows, delimiter=",", **options):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, rows[0], delimiter=delimiter, lineterminator="\n", **options)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def parquet(rows):
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


def tsv(rows):
    plain = [{key: value.replace("\t", " ") for key, value in row.items()} for row in rows]
    return separated(plain, "\t", quoting=csv.QUOTE_NONE)


WRITERS = {"jsonl": jsonl, "ndjson": jsonl, "json": jsonl, "csv": separated, "tsv": tsv}


def read(path, data=None, on_error="stop"):
    """Return the corpus rows of one file, and the problems."""
    if data is not None:
        path.write_bytes(data)
    folder = path.parent
    (folder / "q.jsonl").write_text('{"_id": "q", "text": "tea"}\n')
    (folder / "r.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta\t1\n")
    settings = IndexSettings(corpus=path, queries=folder / "q.jsonl", qrels=folder / "r.tsv")
    problems = Problems(skip=on_error == "skip")
    tables = list(open_sources(settings).corpus(problems))
    rows = [row for table in tables for row in table.to_pylist()]
    problems.raise_if_any()
    return rows, problems


def triples(rows):
    return [(row["doc_id"], row["title"] or "", row["text"] or "") for row in rows]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("kind", WRITERS)
def test_text_formats(tmp_path, kind, packed):
    data = WRITERS[kind](ROWS)
    name = f"corpus.{kind}.gz" if packed else f"corpus.{kind}"
    rows, _ = read(tmp_path / name, gzip.compress(data) if packed else data)
    expected = [(r["_id"], r["title"], r["text"]) for r in ROWS]
    if kind == "tsv":
        expected[1] = ("b", "", "Zürich liegt")
    assert triples(rows) == expected
    assert [row["source_row"] for row in rows] == [0, 1, 2]


def test_parquet(tmp_path):
    rows, _ = read(tmp_path / "corpus.parquet", parquet(ROWS))
    assert triples(rows) == [(r["_id"], r["title"], r["text"]) for r in ROWS]


def test_gzip_is_told_by_its_bytes(tmp_path):
    rows, _ = read(tmp_path / "corpus.jsonl", gzip.compress(jsonl(ROWS)))
    assert len(rows) == 3


@pytest.mark.parametrize("kind", ["jsonl", "csv", "tsv"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\n\n"),
        lambda data: b"\n\n" + data,
        lambda data: data.rstrip(b"\n"),
        lambda data: data + b"   \n",
    ],
    ids=["bom", "crlf", "blank lines", "blank start", "no last newline", "spaces at the end"],
)
def test_harmless_quirks_change_nothing(tmp_path, kind, spoil):
    rows = [row for row in ROWS if row["_id"] != "b"]
    found, problems = read(tmp_path / f"corpus.{kind}", spoil(WRITERS[kind](rows)))
    assert triples(found) == [(r["_id"], r["title"], r["text"]) for r in rows]
    assert not problems.notes


def test_csv_fields_may_hold_newlines_commas_and_quotes(tmp_path):
    rows = [
        {"_id": "a", "title": 'He said "tea"', "text": "one,\ntwo\r\nthree"},
        ROWS[0] | {"_id": "z"},
    ]
    found, _ = read(tmp_path / "corpus.csv", separated(rows))
    assert triples(found)[0] == ("a", 'He said "tea"', "one,\ntwo\r\nthree")
    assert triples(found)[1][0] == "z"


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_bytes_that_are_utf8_are_texts(tmp_path, kind):
    """Spark and Impala write texts so."""
    texts = [text.encode() for text in ("Tee", "thé")]
    columns = {"_id": pa.array([b"a", b"b"], kind), "text": pa.array(texts, kind)}
    pq.write_table(pa.table(columns), tmp_path / "corpus.parquet")
    rows, _ = read(tmp_path / "corpus.parquet", (tmp_path / "corpus.parquet").read_bytes())
    assert triples(rows) == [("a", "", "Tee"), ("b", "", "thé")]


def test_bytes_that_are_no_text_are_refused(tmp_path):
    columns = {"_id": ["a"], "text": pa.array([b"\xff\xfe"])}
    pq.write_table(pa.table(columns), tmp_path / "corpus.parquet")
    with pytest.raises(InputError, match="these are bytes that are not UTF-8"):
        read(tmp_path / "corpus.parquet", (tmp_path / "corpus.parquet").read_bytes())


def test_a_tsv_knows_no_quotes(tmp_path):
    found, _ = read(tmp_path / "corpus.tsv", b'_id\ttext\na\t"tea" is a drink\nb\t"open\n')
    assert triples(found) == [("a", "", '"tea" is a drink'), ("b", "", '"open')]


def test_very_long_texts_are_read(tmp_path):
    rows = [{"_id": "a", "title": "", "text": "tea " * 100_000}]
    for kind in ("csv", "tsv", "jsonl"):
        found, _ = read(tmp_path / f"corpus.{kind}", WRITERS[kind](rows))
        assert len(found[0]["text"]) == 400_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, "7"),
        (7.0, "7"),
        ("7", "7"),
        (2**63, "9223372036854775808"),
        (" 7", " 7"),
        (True, "True"),
    ],
)
def test_ids_become_text(tmp_path, value, expected):
    found, _ = read(tmp_path / "corpus.jsonl", jsonl([{"_id": value, "text": "tea"}]))
    assert found[0]["doc_id"] == expected


def test_other_columns_are_kept_as_they_came(tmp_path):
    rows = [{"_id": "a", "text": "tea", "lang": "en", "tags": ["x", "y"], "year": 1999}]
    found, _ = read(tmp_path / "corpus.jsonl", jsonl(rows))
    assert found[0]["lang"] == "en"
    assert json.loads(found[0]["tags"]) == ["x", "y"]
    assert found[0]["year"] == "1999"


def test_names_of_columns_are_found_whatever_their_case(tmp_path):
    found, _ = read(tmp_path / "corpus.csv", b"DocNo,Contents,Title\n1,tea,T\n")
    assert triples(found) == [("1", "T", "tea")]


ids = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=5),
    unique=True,
    min_size=1,
    max_size=8,
)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


@given(ids, st.data())
def test_what_is_written_is_read_back(tmp_path_factory, names, data):
    """jsonl, csv and Parquet, whatever is in the texts."""
    folder = tmp_path_factory.mktemp("round")
    rows = [
        {"_id": name, "title": data.draw(words), "text": "x" + data.draw(words)} for name in names
    ]
    expected = [(row["_id"], row["title"], row["text"]) for row in rows]
    for kind, data_of in {"jsonl": jsonl, "csv": separated, "parquet": parquet}.items():
        found, _ = read(folder / f"corpus.{kind}", data_of(rows))
        assert triples(found) == expected, kind
