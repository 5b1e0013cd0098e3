"""The vector store: a text is encoded once, and comes back bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.errors import CorruptArtifact
from negmine.vectors import CHUNK, STEP, VectorStore
from tests.conftest import vector


class Encoder:
    """Makes vectors of words and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked += texts
        return np.stack([vector(text, 8) for text in texts])


def encode(store, texts):
    encoder, told = Encoder(), []
    found, encoded = store.encode(texts, encoder, told.append)
    assert sum(told) == len(texts)
    assert encoded == len(encoder.asked)
    return found, encoder.asked


def test_a_hundred_new_texts_encode_a_hundred(tmp_path):
    old = [f"text {n}" for n in range(500)]
    new = [f"new text {n}" for n in range(100)]
    first, asked = encode(VectorStore(tmp_path), old)
    assert len(asked) == 500
    again, asked = encode(VectorStore(tmp_path), [*new[:50], *old, *new[50:]])
    assert sorted(asked) == sorted(new)
    assert np.array_equal(again[50:550], first)


def test_equal_texts_are_encoded_once_and_order_is_kept(tmp_path):
    found, asked = encode(VectorStore(tmp_path), ["b", "a", "b", "a b", "a"])
    assert sorted(asked) == ["a", "a b", "b"]
    assert np.array_equal(found, np.stack([vector(t, 8) for t in ["b", "a", "b", "a b", "a"]]))


def test_the_longest_texts_come_first(tmp_path):
    _, asked = encode(VectorStore(tmp_path), ["a", "a b c", "a b"])
    assert asked == ["a b c", "a b", "a"]


def test_texts_that_differ_in_a_blank_are_different_texts(tmp_path):
    _, asked = encode(VectorStore(tmp_path), ["a b", "a  b", "A b"])
    assert len(asked) == 3


def test_a_kill_in_the_middle_loses_one_chunk_at_most(tmp_path):
    texts = [f"text {n}" for n in range(CHUNK + 10)]

    def dies(batch):
        if len(batch) < STEP:
            raise KeyboardInterrupt
        return Encoder()(batch)

    with pytest.raises(KeyboardInterrupt):
        VectorStore(tmp_path).encode(texts, dies, lambda count: None)
    (tmp_path / "chunk-000001.tmp").write_bytes(b"torn")
    _, asked = encode(VectorStore(tmp_path), texts)
    assert len(asked) == 10


def test_a_damaged_chunk_is_named_with_the_remedy(tmp_path):
    encode(VectorStore(tmp_path), ["a", "b"])
    chunk = tmp_path / "chunk-000000.arrow"
    chunk.write_bytes(chunk.read_bytes()[:-40])
    with pytest.raises(CorruptArtifact, match=r"chunk-000000\.arrow .*[Dd]elete"):
        VectorStore(tmp_path)


def test_no_texts_give_no_vectors(tmp_path):
    found, asked = encode(VectorStore(tmp_path), [])
    assert len(found) == 0
    assert asked == []


@given(st.lists(st.lists(st.text(max_size=4), max_size=8), max_size=4))
def test_however_texts_arrive_each_gets_its_own_vector(tmp_path_factory, batches):
    folder = tmp_path_factory.mktemp("store")
    seen = set()
    for batch in batches:
        found, asked = encode(VectorStore(folder), batch)
        assert set(asked) == set(batch) - seen
        seen |= set(batch)
        for text, row in zip(batch, found, strict=True):
            assert np.array_equal(row, vector(text, 8))
