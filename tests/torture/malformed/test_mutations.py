"""Random bytes, cuts, splices and flips of valid files: every parser gives rows, or a NegmineError."""

import gzip
from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from negmine.analysis.lint.read.files import raw_frames
from negmine.analysis.lint.settings import LintSettings
from negmine.config.file import read_toml
from negmine.config.settings import IndexSettings
from negmine.data.sources import pairs
from negmine.data.sources.formats import read_chunks
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import read_qrels
from negmine.data.sources.reading import FileRows
from negmine.data.sources.records import Records
from negmine.errors import NegmineError
from negmine.retrievers.dense.given import open_rows
from tests.torture.faults import FULL
from tests.torture.malformed.files import ROWS, WRITERS
from tests.torture.malformed.kinds_of_arrays import saved
from tests.torture.malformed.mined_rows import VALID
from tests.torture.malformed.rows import LONGEST

EXAMPLES = 1000 if FULL else 60


def read_corpus(path, problems):
    records = Records(path, problems, "doc_id", "document text", True)
    return list(records.tables(read_chunks(path, problems)))


def read_pairs(path, problems, form="pairs"):
    settings = IndexSettings(pairs=path, pairs_format=form)
    return list(pairs.good_pairs(FileRows((path,), problems), problems, settings))


def read_training(path, problems):
    return list(raw_frames(path, LintSettings(), problems))


def read_judgements(path, problems):
    return list(read_qrels(path, problems))


READERS = {
    "corpus": read_corpus,
    "pairs": read_pairs,
    "triplets": read_training,
    "qrels": read_judgements,
}
CASES = [
    (rows, ending)
    for rows in READERS
    for ending in ("jsonl", "csv", "tsv", "parquet", "jsonl.gz", "qrels", "arrow", "feather")
    if (ending == "qrels") <= (rows == "qrels")
]
TOML = b"[index]\nmodel = 'a'\nretriever = ['bm25', 'dense']\n[retrieve]\nk = 7\n[filter]\nmax-risk = 0.5\n"
ARRAY = saved(np.ones((6, 4), np.float32))
ODD = st.sampled_from(
    [
        b"\0",
        b"\r",
        b"\n",
        b'"',
        b"\t",
        b",",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"{",
        b"[" * 999,
        b"\\ud800",
        b"-1e999",
    ]
)


@st.composite
def mutated(draw, valid):
    """Return valid bytes after some cuts, splices, flips and insertions."""
    data = bytearray(valid)
    for _ in range(draw(st.integers(0, 4))):
        start, stop = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        how = draw(st.sampled_from(("cut", "remove", "repeat", "insert", "odd", "flip")))
        if how == "cut":
            del data[start:]
        elif how == "remove":
            del data[start:stop]
        elif how == "repeat":
            data[stop:stop] = data[start:stop]
        elif how == "insert":
            data[start:start] = draw(st.binary(max_size=20))
        elif how == "odd":
            data[start:start] = draw(ODD)
        elif start < len(data):
            data[start] ^= 1 << draw(st.integers(0, 7))
    return bytes(data)


def tried(read, path, data):
    """Read data; return the message of the NegmineError, if there is one."""
    path.write_bytes(data)
    problems = Problems(skip=False)
    try:
        read(path, problems)
        problems.raise_if_any()
    except NegmineError as error:
        assert 0 < len(str(error)) < LONGEST
        assert path.name in str(error)


@pytest.mark.parametrize(("rows", "ending"), CASES)
def test_rows_or_a_message(rows, ending, tmp_path):
    valid = WRITERS[ending](ROWS[rows])
    path = tmp_path / f"input.{ending}"

    @settings(max_examples=EXAMPLES)
    @given(data=st.one_of(mutated(valid), st.binary(max_size=300)))
    @example(data=valid)
    @example(data=b"")
    def check(data):
        tried(READERS[rows], path, data)

    check()


@pytest.mark.parametrize("form", sorted(VALID))
def test_files_of_other_miners_or_a_message(form, tmp_path):
    path = tmp_path / "input.jsonl"

    @settings(max_examples=EXAMPLES)
    @given(data=mutated(WRITERS["jsonl"]([VALID[form]] * 3)))
    def check(data):
        tried(partial(read_pairs, form=form), path, data)

    check()


@pytest.mark.parametrize("rows", ["corpus", "qrels"])
def test_what_is_packed_is_mutated_inside_too(rows, tmp_path):
    path = tmp_path / "input.jsonl.gz"

    @settings(max_examples=EXAMPLES)
    @given(data=mutated(WRITERS["jsonl"](ROWS[rows])))
    def check(data):
        tried(READERS[rows], path, gzip.compress(data, 1))

    check()


@pytest.mark.parametrize(
    ("name", "valid", "read"),
    [
        ("input.toml", TOML, lambda path, _: read_toml(path)),
        ("input.npy", ARRAY, lambda path, _: open_rows(path)),
    ],
)
def test_settings_and_arrays_or_a_message(name, valid, read, tmp_path):
    path = tmp_path / name

    @settings(max_examples=5 * EXAMPLES)
    @given(data=st.one_of(mutated(valid), st.binary(max_size=300)))
    @example(data=valid)
    @example(data=b"[index]\nmodel = '" + b"[" * 5_000 + b"'\n")  # a name that no file can have
    def check(data):
        tried(read, path, data)

    check()
