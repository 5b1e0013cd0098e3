"""The cache of sparse vectors: rows come back in order, chunks are put together, damage is dropped."""

import numpy as np
import pyarrow as pa
import pytest

from negmine.data import sparse_rows
from negmine.errors import CorruptArtifact
from negmine.storage.chunk_columns import rows_of
from negmine.storage.chunks import MANY, open_chunk
from negmine.storage.vectors import SparseStore, count_stored

TEXTS = [f"text {n}" for n in range(40)]


def row(text):
    """A sparse vector that is made of the text: from 0 to 6 terms."""
    number = int(text.split()[1])
    vector = np.zeros((1, 50), np.float32)
    vector[0, [(number * 7 + n) % 50 for n in range(number % 7)]] = number + 1
    return vector


def work(texts):
    for first in range(0, len(texts), 3):
        places = np.arange(first, min(first + 3, len(texts)))
        rows = np.concatenate([row(texts[place]) for place in places])
        yield places, sparse_rows.of_dense(rows)


def is_right(rows, texts):
    dense = np.zeros((len(rows), 50), np.float32)
    dense[rows.numbers, rows.terms] = rows.weights
    return np.array_equal(dense, np.concatenate([row(text) for text in texts]))


def encode(folder, texts, notes=None):
    store = SparseStore(folder, notes.append if notes is not None else print)
    return store.encode(texts, work, lambda count: None)


def test_rows_come_back_in_the_order_asked_and_are_encoded_once(tmp_path):
    rows, encoded = encode(tmp_path, TEXTS[:10])
    assert encoded == 10
    assert is_right(rows, TEXTS[:10])
    asked = [*TEXTS[5:20], TEXTS[7], *TEXTS[:3]]
    rows, encoded = encode(tmp_path, asked)
    assert encoded == 10
    assert is_right(rows, asked)
    rows, encoded = encode(tmp_path, [])
    assert (len(rows), encoded) == (0, 0)
    assert count_stored(tmp_path) == 20


def test_many_small_chunks_become_few(tmp_path):
    for text in (f"text {n}" for n in range(MANY + 1)):
        encode(tmp_path, [text])
    again, encoded = encode(tmp_path, TEXTS)
    assert encoded == 0
    assert is_right(again, TEXTS)
    assert len(list(tmp_path.glob("chunk-*.arrow"))) < 3


def test_another_store_is_adopted(tmp_path):
    encode(tmp_path / "old", TEXTS[:10])
    store = SparseStore(tmp_path / "new")
    store.adopt(TEXTS[:12], [tmp_path / "old"])
    rows, encoded = store.encode(TEXTS[:12], work, lambda count: None)
    assert encoded == 2
    assert is_right(rows, TEXTS[:12])


@pytest.mark.parametrize("place", [0.2, 0.4, 0.5, 0.6])
def test_a_flipped_bit_is_dropped_with_a_note_and_made_again(tmp_path, place):
    encode(tmp_path, TEXTS)
    chunk = tmp_path / "chunk-000000.arrow"
    whole = open_chunk(chunk).vectors
    data = bytearray(chunk.read_bytes())
    body = data.index(whole.weights.tobytes())  # among keys, offsets, terms and weights
    data[int(len(data) * place) if place != 0.5 else body + 5] ^= 1
    chunk.write_bytes(data)
    notes = []
    rows, encoded = encode(tmp_path, TEXTS, notes)
    assert is_right(rows, TEXTS)
    assert encoded in (0, len(TEXTS))  # 0: it fell on padding between the arrays
    assert bool(notes) == bool(encoded)
    if place == 0.5:
        assert encoded == len(TEXTS)


@pytest.mark.parametrize(
    ("offsets", "terms"),
    [
        ([0, 2, 1, 2], [1, 2]),
        ([1, 1, 2, 2], [1, 2]),
        ([0, 1, 1, 1], [1, 2]),
        ([0, 1, 1, 2], [1, -2]),
    ],
)
def test_lists_that_cannot_be_cut_into_rows_are_refused(offsets, terms):
    values = pa.StructArray.from_arrays(
        [pa.array(terms, pa.int32()), pa.array([1.0] * len(terms), pa.float32())],
        names=["term", "weight"],
    )
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), values)
    with pytest.raises(ValueError, match=r"its lists|a term below 0"):
        rows_of(lists)


def test_a_chunk_of_other_lists_is_damaged(tmp_path):
    keys = pa.array([b"0" * 16], pa.binary(16))
    table = pa.table({"key": keys, "vector": pa.array([[1]], pa.large_list(pa.int64()))})
    path = tmp_path / "chunk-000000.arrow"
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(CorruptArtifact, match="no chunk of vectors"):
        open_chunk(path)
