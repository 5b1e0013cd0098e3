"""--memory: what it says, what follows from it, and that it changes no row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.config import memory as sizes
from negmine.errors import SettingsError
from negmine.storage.workdir import Workdir
from tests.retrievers.dense.test_growth import TABLES, collection, write
from tests.storage.test_clone import Notes


@pytest.mark.parametrize(
    ("said", "size"),
    [("4GB", 4 * 10**9), ("800mb", 8 * 10**8), ("1.5 GiB", 3 << 29), ("2TB", 2 * 10**12)],
)
def test_a_size_is_read(said, size):
    assert sizes.read_memory(said) == size


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("4", "say how much"),
        ("much", "say how much"),
        ("-4GB", "say how much"),
        ("10MB", "cannot be met"),
    ],
)
def test_what_is_no_size_is_told(said, why, tmp_path):
    with pytest.raises(SettingsError, match=f"--memory {said}.*{why}"):
        negmine.mine(tmp_path / "work", data=tmp_path, memory=said)


@given(
    memory=st.integers(sizes.LEAST, 10**12), k=st.integers(1, 5000), retrievers=st.integers(1, 5)
)
def test_parts_fit_and_are_as_large_as_may_be(memory, k, retrievers):
    count = sizes.part_queries(memory, k, retrievers)
    assert 16 <= count <= 2048
    assert count & (count - 1) == 0
    cost = 2 * sizes.ROW * k * retrievers
    assert count == 16 or count * cost <= memory / 2
    assert count == 2048 or 2 * count * cost > memory / 2
    assert sizes.batch(memory, 32) <= 32
    assert sizes.products(memory) <= memory / 128 or sizes.products(memory) == 4 << 20


def test_an_ordinary_run_has_ordinary_parts():
    assert sizes.part_queries(4 * 10**9, 100, 2) == 2048
    assert sizes.part_queries(4 * 10**9, 1000, 2) == 256
    assert sizes.part_documents(4 * 10**9) == 16_384
    assert sizes.part_documents(sizes.LEAST) == 3500


def test_memory_changes_parts_and_no_row(tmp_path, monkeypatch):
    monkeypatch.setattr(sizes, "ROW", 10**6)
    flags = write(tmp_path / "a", *collection(np.random.default_rng(1), documents=200, queries=50))
    negmine.mine(tmp_path / "small", **flags, memory="700MB")
    negmine.mine(tmp_path / "large", **flags, memory="64GB")
    small, large = (Workdir(tmp_path / name) for name in ("small", "large"))
    assert len(small.part_files("2-retrieve/candidates")) == 4
    assert len(large.part_files("2-retrieve/candidates")) == 1
    for name in TABLES:
        assert small.scan(name).collect().equals(large.scan(name).collect())


def test_more_memory_makes_nothing_again_and_less_only_where_parts_are_too_large(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(sizes, "ROW", 10**6)
    flags = write(tmp_path / "a", *collection(np.random.default_rng(1), queries=50))
    work = tmp_path / "work"
    negmine.mine(work, **flags, memory="700MB")
    again = negmine.mine(work, **flags, memory="64GB")
    assert {row["outcome"] for row in again.artifacts} == {"fresh"}
    other = tmp_path / "other"
    negmine.mine(other, **flags, memory="64GB")
    before = Workdir(other).scan("5-write/triplet").collect()
    negmine.mine(other, **flags, memory="700MB")
    assert len(Workdir(other).part_files("5-write/triplet")) == 4
    assert Workdir(other).scan("5-write/triplet").collect().equals(before)


def test_going_over_is_said(tmp_path, monkeypatch):
    flags = write(tmp_path / "a", *collection(np.random.default_rng(1)))
    peaks = iter([10**9, 6 * 10**9, 6 * 10**9])
    monkeypatch.setattr("negmine.config.memory.peak", lambda: next(peaks))
    notes = Notes()
    negmine.mine(tmp_path / "work", **flags, progress=notes)
    assert any("6.0 GB, over --memory 4GB" in note for note in notes.said)
    notes = Notes()
    monkeypatch.setattr(
        "negmine.config.memory.peak", lambda: 6 * 10**9
    )  # a notebook was there before
    negmine.mine(tmp_path / "work", **flags, progress=notes)
    assert not any("over --memory" in note for note in notes.said)
