"""The vector store: a text is encoded once, and comes back bit for bit."""

import shutil

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.errors import CorruptArtifact
from negmine.storage.chunks import MANY, write_chunk
from negmine.storage.vectors import VectorStore, count_stored, exact_keys
from tests.conftest import vector

STEP = 64


class Work:
    """Encodes in batches, the last text first, and remembers what it was asked."""

    def __init__(self, watch=lambda batch: None):
        self.asked, self.watch = [], watch

    def __call__(self, texts):
        for last in range(len(texts), 0, -STEP):
            places = np.arange(max(0, last - STEP), last)[::-1]
            batch = [texts[place] for place in places]
            self.watch(batch)
            self.asked += batch
            yield places, np.stack([vector(text, 8) for text in batch])


def encode(store, texts):
    work, told = Work(), []
    found, encoded = store.encode(texts, work, told.append)
    assert sum(told) == len(texts)
    assert encoded == len(work.asked)
    return found, work.asked


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


def test_texts_that_differ_in_a_blank_are_different_texts(tmp_path):
    _, asked = encode(VectorStore(tmp_path), ["a b", "a  b", "A b"])
    assert len(asked) == 3


def test_an_interruption_keeps_every_finished_batch(tmp_path):
    texts = [f"text {n}" for n in range(3 * STEP + 10)]

    def dies(batch):
        if len(batch) < STEP:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        VectorStore(tmp_path).encode(texts, Work(dies), lambda count: None)
    (tmp_path / "chunk-000001.tmp").write_bytes(b"torn")
    assert count_stored(tmp_path) == 3 * STEP
    _, asked = encode(VectorStore(tmp_path), texts)
    assert asked == texts[9::-1]


def test_a_kill_costs_no_more_than_the_time_between_two_chunks(tmp_path, monkeypatch):
    clock = iter(range(0, 10_000, 9))  # every look at the clock is nine seconds later
    monkeypatch.setattr("negmine.storage.vectors.time.monotonic", lambda: next(clock))
    lost = []

    def watched(batch):
        stored = count_stored(tmp_path)
        lost.append(len(lost) * STEP - stored)

    texts = [f"text {n}" for n in range(9 * STEP)]
    VectorStore(tmp_path).encode(texts, Work(watched), lambda n: None)
    assert max(lost) == 2 * STEP
    assert len(list(tmp_path.glob("chunk-*"))) == 3


def test_many_small_chunks_are_put_together(tmp_path, monkeypatch):
    texts = [f"text {n}" for n in range(MANY)]
    for text in texts:
        encode(VectorStore(tmp_path), [text])
    assert len(list(tmp_path.glob("chunk-*.arrow"))) == MANY
    monkeypatch.setattr("negmine.storage.chunks.MERGED", 12_000)
    found, asked = encode(VectorStore(tmp_path), texts)
    assert asked == []
    assert np.array_equal(found, np.stack([vector(text, 8) for text in texts]))
    assert 1 < len(list(tmp_path.glob("chunk-*.arrow"))) < MANY
    assert count_stored(tmp_path) == MANY


def test_chunks_are_looked_through_once_not_once_each(tmp_path, monkeypatch):
    monkeypatch.setattr("negmine.storage.chunks.MANY", 10_000)
    store = VectorStore(tmp_path)
    for start in range(0, 300, 3):
        store.encode([f"text {n}" for n in range(start, start + 3)], Work(), lambda n: None)
    joins = []
    real = pl.DataFrame.unique
    monkeypatch.setattr(pl.DataFrame, "unique", lambda *a, **k: joins.append(1) or real(*a, **k))
    assert len(VectorStore(tmp_path)) == 300
    assert len(joins) == 1


def test_a_damaged_chunk_is_dropped_with_a_note(tmp_path):
    right, _ = encode(VectorStore(tmp_path), ["a", "b"])
    chunk = tmp_path / "chunk-000000.arrow"
    chunk.write_bytes(chunk.read_bytes()[:-40])
    assert count_stored(tmp_path) == 0
    notes = []
    again, asked = encode(VectorStore(tmp_path, notes.append), ["a", "b"])
    assert len(asked) == 2
    assert np.array_equal(again, right)
    assert len(notes) == 1
    assert notes[0].startswith(f"{chunk} was damaged")


def test_a_damaged_record_is_dropped_with_its_chunk_and_a_note_and_made_again_once(tmp_path):
    right, _ = encode(VectorStore(tmp_path), ["a", "b", "c"])
    chunk = tmp_path / "chunk-000000.arrow"
    data = bytearray(chunk.read_bytes())
    data[data.index(right[1].tobytes()) + 5] ^= 1
    chunk.write_bytes(data)
    notes = []
    said = f"{chunk} was damaged: it is dropped, and what it held is made again"
    for asked_for in (["c", "b", "a"], []):
        again, asked = encode(VectorStore(tmp_path, notes.append), ["a", "b", "c"])
        assert np.array_equal(again, right)
        assert asked == asked_for
        assert notes == [said]
    assert count_stored(tmp_path) == 3


def test_a_damaged_record_is_taken_over_by_nobody(tmp_path):
    right = np.stack([vector(text, 8) for text in ("a", "b")])
    encode(VectorStore(tmp_path / "other"), ["a"])
    chunk = tmp_path / "other/chunk-000000.arrow"
    encode(VectorStore(tmp_path / "other"), ["b"])
    data = bytearray(chunk.read_bytes())
    data[data.index(right[0].tobytes())] ^= 0x80
    chunk.write_bytes(data)
    notes = []
    store = VectorStore(tmp_path / "own", notes.append)
    store.adopt(["a", "b"], [tmp_path / "other"])
    again, asked = encode(store, ["a", "b"])
    assert asked == ["a"]
    assert np.array_equal(again, right)
    assert len(notes) == 1


def test_damage_is_not_put_together_with_the_rest(tmp_path):
    texts = [f"text {n}" for n in range(MANY)]
    for text in texts:
        encode(VectorStore(tmp_path), [text])
    chunk = tmp_path / "chunk-000007.arrow"
    data = bytearray(chunk.read_bytes())
    data[data.index(vector("text 7", 8).tobytes())] ^= 1
    chunk.write_bytes(data)
    _, asked = encode(VectorStore(tmp_path), texts)
    assert asked == ["text 7"]


def test_whichever_byte_flips_the_vectors_are_right(tmp_path):
    """In the header of the file, in its keys, vectors and checks, and in its end."""
    texts = ["a", "b", "c"]
    right, _ = encode(VectorStore(tmp_path / "whole"), texts)
    whole = (tmp_path / "whole/chunk-000000.arrow").read_bytes()
    folder = tmp_path / "flipped"
    for place in range(0, len(whole), 5):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        flipped = whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :]
        (folder / "chunk-000000.arrow").write_bytes(flipped)
        found, _ = VectorStore(folder).encode(texts, Work(), lambda n: None)
        assert np.array_equal(found, right), place


def test_a_chunk_of_an_older_version_has_no_checks_and_is_read(tmp_path):
    right, _ = encode(VectorStore(tmp_path), ["a", "b"])
    chunk = tmp_path / "chunk-000000.arrow"
    old = pa.ipc.open_file(chunk).read_all().replace_schema_metadata(None)
    with pa.ipc.new_file(chunk, old.schema) as writer:
        writer.write_table(old)
    again, asked = encode(VectorStore(tmp_path), ["a", "b"])
    assert asked == []
    assert np.array_equal(again, right)


def test_a_chunk_that_may_not_be_read_is_not_dropped(tmp_path, monkeypatch):
    encode(VectorStore(tmp_path), ["a"])
    refusal = PermissionError(13, "Permission denied", "x")
    monkeypatch.setattr(pa, "memory_map", lambda path: (_ for _ in ()).throw(refusal))
    with pytest.raises(PermissionError):
        VectorStore(tmp_path)
    assert len(list(tmp_path.glob("chunk-*"))) == 1


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


def test_a_chunk_of_another_width_than_the_others_is_dropped_with_a_note(tmp_path):
    right, _ = encode(VectorStore(tmp_path), ["a", "b", "c"])
    planted = write_chunk(
        tmp_path, exact_keys(["a", "d"]), np.ones((2, right.shape[1] + 1), np.float32)
    )
    notes = []
    again, asked = encode(VectorStore(tmp_path, notes.append), ["a", "b", "c", "d"])
    assert asked == ["d"]
    assert np.array_equal(again[:3], right)
    assert notes == [f"{planted} was damaged: it is dropped, and what it held is made again"]


def test_a_store_whose_vectors_are_all_of_another_width_is_named_as_damaged(tmp_path):
    write_chunk(tmp_path, exact_keys(["z"]), np.ones((1, 9), np.float32))
    with pytest.raises(
        CorruptArtifact, match=r"vectors of 9 dimensions.*gives 8.*Delete this folder"
    ):
        encode(VectorStore(tmp_path), ["a"])
