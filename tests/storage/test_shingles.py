"""What an index of shingles holds on disk, to the byte."""

import hashlib

import numpy as np
import pyarrow as pa

from negmine.storage import shingles

TEXTS = [
    "Hot tea, hot TEA!", "", "tea", "the hot tea of the morning", "緑茶は美味しい", "É e\u0301 don't x_1",
    "tea the hot tea of the morning", "  \n", "ชา\u200bnoir",
]  # fmt: skip


def build(folder, tables):
    folder.mkdir()
    return shingles.build(iter(tables), folder, lambda rows: None)


def digests(folder):
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16]
        for name in (shingles.OFFSETS, shingles.SHINGLES)
    }


def test_an_index_is_the_same_bytes_as_ever(tmp_path):
    """These are the digests of what negmine 0.1.0 wrote; another value makes old indexes wrong."""
    stats = build(tmp_path / "one", [pa.table({"text": TEXTS})])
    assert stats == {"documents": 9, "shingles": 20}
    assert digests(tmp_path / "one") == {
        "offsets.npy": "6a232e2daad1a3d7",
        "shingles.npy": "4c1cfd247985a39e",
    }


def test_tables_and_slices_change_nothing(tmp_path, monkeypatch):
    table = pa.table({"text": TEXTS})
    build(tmp_path / "one", [table])
    monkeypatch.setattr(shingles, "_STEP", 2)
    build(tmp_path / "many", [table.slice(0, 5), table.slice(5, 0), table.slice(5)])
    assert digests(tmp_path / "many") == digests(tmp_path / "one")


def test_an_index_of_no_documents_can_be_opened(tmp_path):
    assert build(tmp_path / "none", []) == {"documents": 0, "shingles": 0}
    sets, nothing = shingles.open_index(tmp_path / "none", 0), np.empty(0, np.int64)
    assert sets.jaccard(nothing, nothing).tolist() == []
