"""What has no end, or becomes far larger than it lies on disk, is read in bounds."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from negmine.data.sources import (
    arrow_files,
    formats,
    json_lines,
    parquet,
    rows,
    separated,
    steps,
    text,
)
from negmine.data.sources.problems import Problems
from negmine.data.sources.records import Records
from negmine.errors import InputError


@pytest.mark.parametrize("name", ["corpus.jsonl", "corpus.csv", "corpus.tsv", "corpus.jsonl.gz"])
def test_a_line_without_an_end_is_refused_before_it_is_in_memory(tmp_path, name, monkeypatch):
    monkeypatch.setattr(text, "LONGEST_LINE", 1_000_000)
    data = b'_id,text\n{"_id": "' + b"x" * 3_000_000
    (tmp_path / name).write_bytes(gzip.compress(data, 1) if name.endswith("gz") else data)
    with pytest.raises(InputError, match=r"line 2 has more than 1 MB. Each row must be a line"):
        list(formats.read_rows(tmp_path / name, Problems(skip=True)))


def test_a_line_just_below_the_limit_is_read(tmp_path, monkeypatch):
    line = b'{"_id": "a", "text": "' + b"x" * 900 + b'"}\n'
    monkeypatch.setattr(text, "LONGEST_LINE", len(line))
    (tmp_path / "corpus.jsonl").write_bytes(line * 3)
    assert len(list(formats.read_rows(tmp_path / "corpus.jsonl", Problems(skip=True)))) == 3


@pytest.mark.parametrize("name", ["corpus.jsonl", "corpus.csv", "corpus.parquet"])
def test_chunks_of_long_texts_have_few_rows(tmp_path, name, monkeypatch):
    for module in (json_lines, parquet, rows):
        monkeypatch.setattr(module, "MOST_BYTES", 10_000)
    monkeypatch.setattr(steps, "STEP", 2)
    path = tmp_path / name
    table = [{"_id": str(n), "text": "x" * 4_000} for n in range(20)]
    if name.endswith("parquet"):
        pq.write_table(pa.Table.from_pylist(table), path)
    else:
        header = "_id,text\n" if name.endswith("csv") else ""
        line = "{_id},{text}" if header else '{{"_id": "{_id}", "text": "{text}"}}'
        path.write_text(header + "".join(line.format(**row) + "\n" for row in table))
    chunks = list(formats.read_chunks(path, Problems(skip=False)))
    assert [chunk.start for chunk in chunks][:2] in ([0, 3], [0, 4])
    assert chunks[-1].stop == 20
    read = Records(path, Problems(skip=False), "doc_id", "document text", True).tables(chunks)
    assert [name for part in read for name in part["doc_id"].to_pylist()] == [
        str(n) for n in range(20)
    ]


def test_a_csv_row_of_many_lines_has_the_limit_of_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(separated, "LONGEST_LINE", 1_000_000)
    path = tmp_path / "corpus.csv.gz"
    path.write_bytes(
        gzip.compress(b'_id,text\nd1,"fine\nand whole"\nd2,"' + b"x" * 999 + b"\nx" * 500_000, 1)
    )
    problems = Problems(skip=True)
    assert [row.values["_id"] for row in formats.read_rows(path, problems)] == ["d1"]
    with pytest.raises(InputError, match=r"line 4: .*it has more than 1,000,000 characters"):
        problems.raise_if_any()


def shared(rows, size, **how):
    """Return a table whose rows share one text of so many bytes."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows), pa.array(["x" * size]))
    return pa.table(
        {"_id": [str(n) for n in range(rows)], "text": text.cast(how.get("to", text.type))}
    )


def streamed(table, path):
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


SHARING = {
    "dictionary.parquet": lambda path: pq.write_table(shared(100, 50_000), path, row_group_size=40),
    "delta.parquet": lambda path: pq.write_table(
        shared(100, 50_000, to=pa.string()), path, use_dictionary=False,
        column_encoding={"_id": "PLAIN", "text": "DELTA_BYTE_ARRAY"},
    ),
    "list.parquet": lambda path: pq.write_table(
        shared(100, 50_000).append_column("own", pa.array([["y" * 70_000] * 2] * 100)), path
    ),
    "dictionary.arrow": lambda path: streamed(shared(100, 50_000), path),
}  # fmt: skip


@pytest.mark.parametrize("name", SHARING)
def test_a_small_file_whose_rows_share_a_long_text_is_unpacked_in_small_steps(
    tmp_path, name, monkeypatch
):
    monkeypatch.setattr(steps, "MOST_BYTES", 200_000)
    path = tmp_path / name
    SHARING[name](path)
    seen = []
    keep = parquet.with_strings
    for module in (parquet, arrow_files):
        monkeypatch.setattr(
            module, "with_strings", lambda batch: (seen.append(batch.nbytes), keep(batch))[1]
        )
    rows = list(formats.read_rows(path, Problems(skip=False)))
    assert [row.values["_id"] for row in rows] == [str(n) for n in range(100)]
    assert {len(row.values["text"]) for row in rows} == {50_000}
    assert max(seen) < 600_000  # two rows and more
    assert path.stat().st_size < 300_000


@pytest.mark.parametrize("name", ["corpus.parquet", "corpus.arrow"])
def test_a_text_of_parquet_or_arrow_has_the_limit_of_a_line(tmp_path, name, monkeypatch):
    monkeypatch.setattr(steps, "LONGEST_LINE", 1_000_000)
    table = pa.table({"_id": ["d1", "d2"], "text": ["fine", "x" * 1_000_001]})
    path = tmp_path / name
    pq.write_table(table, path) if name.endswith("parquet") else streamed(table, path)
    with pytest.raises(InputError, match=r"a value of more than 1 MB in column 'text'"):
        list(formats.read_rows(path, Problems(skip=True)))
