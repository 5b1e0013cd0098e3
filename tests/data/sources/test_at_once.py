"""A chunk that is read at once gives what reading it row by row gives, whatever stands in it."""

import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from negmine.data.sources import formats, json_lines, parquet
from negmine.data.sources.problems import Problems
from negmine.data.sources.records import Records
from negmine.errors import InputError

TEXTS = st.one_of(
    st.sampled_from(["tea", "", " ", "\x1c", "\x85", "\u200b", "a\0b", "1", "2020-01-01", "\ud800", "ß"]),
    st.text(max_size=4),
)  # fmt: skip
ODD = st.sampled_from([None, 7, 7.0, 1e400, True, {}, [], {"a": 1}, ["a"], float("nan")])
NAMES = st.sampled_from(["_id", "text", "title", "url", "metadata", "doc_id", ""])
TIDY = st.fixed_dictionaries({"_id": st.sampled_from("abcdefgh"), "text": TEXTS, "title": TEXTS})
OBJECTS = st.one_of(TIDY, TIDY, st.dictionaries(NAMES, st.one_of(TEXTS, ODD), max_size=5))
LINES = st.one_of(
    st.builds(lambda row, ascii: json.dumps(row, ensure_ascii=ascii), OBJECTS, st.booleans()),
    st.sampled_from(
        ['{"_id":"a","text":"x"}{"_id":"b","text":"y"}', '{"m":', "{}}", "{", "}", "", " ", "7", '{"_id":"a",}',
         '{"_id":"a","_id":"b","text":"x"}', '{"_id":"a","text":\r"x"}', "\ufeff{}", '{"_id":"c","text":"\\/"}']
    ),
)  # fmt: skip


def tables(path, at_once, with_title):
    """Return the rows, the problems, and whether a chunk was read at once."""
    problems = Problems(skip=False)
    records = Records(path, problems, "doc_id", "document text", with_title)
    chunks = list(formats.read_chunks(path, problems))
    if not at_once:
        chunks = [replace(chunk, table=lambda: None) for chunk in chunks]
    try:
        found = [row for table in records.tables(chunks, 5) for row in table.to_pylist()]
    except InputError as error:
        found = str(error)
    return found, vars(problems)


@pytest.mark.parametrize("with_title", [True, False])
@given(lines=st.lists(LINES, max_size=9))
@example(lines=['{"m":', "{}}", '{"_id":"a","text":"x"}{"_id":"b","text":"y"}'])
def test_json_lines(tmp_path_factory, with_title, lines):
    path = tmp_path_factory.mktemp("at-once") / "corpus.jsonl"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "CHUNK", 3)
        assert tables(path, True, with_title) == tables(path, False, with_title)


@given(rows=st.lists(TIDY.filter(lambda row: "\ud800" not in row.values()), min_size=1, max_size=9))
def test_parquet(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("at-once") / "corpus.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "CHUNK", 3)
        assert tables(path, True, True) == tables(path, False, True)


@pytest.mark.parametrize(
    "extra", [{}, {"metadata": {}}, {"tags": []}, {"day": "2020-01-01"}, {"by": None}]
)
def test_what_collections_look_like_is_read_at_once(tmp_path, extra):
    path = tmp_path / "corpus.jsonl"
    rows = [{"_id": str(n), "title": "", "text": f"tea {n}"} | extra for n in range(3)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (chunk,) = formats.read_chunks(path, Problems(skip=False))
    records = Records(path, Problems(skip=False), "doc_id", "document text", True)
    (table,) = records.tables([replace(chunk, rows=lambda: pytest.fail("row by row"))])
    assert table["doc_id"].to_pylist() == ["0", "1", "2"]
    kept = {"day"} & extra.keys()  # the others hold nothing
    assert set(table.column_names) == {"doc_id", "text", "title", "source_row"} | kept


def test_a_line_that_is_no_utf8_has_its_place_among_the_rows(tmp_path):
    """Given vectors are found by this place."""
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(b'{"_id":"a","text":"x"}\n{"_id":"\xff","text":"x"}\n{"_id":"c","text":"z"}\n')
    records = Records(path, Problems(skip=True), "doc_id", "document text", True)
    (table,) = records.tables(formats.read_chunks(path, Problems(skip=True)))
    assert table["source_row"].to_pylist() == [0, 2]
