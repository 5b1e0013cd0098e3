"""What has no end, or becomes far larger than it lies on disk, is read in bounds."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from negmine.data.sources import formats, json_lines, parquet, rows, text
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
    monkeypatch.setattr(parquet, "STEP", 2)
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
