"""The dense retriever, end to end through `mine`: the cache, given vectors, models."""

import shutil
import sys

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import InputError, MissingDependency, SettingsError
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, QUERIES, write_beir, write_vectors
from tests.models.tiny import static_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return static_model(tmp_path_factory.mktemp("static") / "model")


def mine(work, data, **flags):
    return negmine.mine(work, data=data, **({"retriever": ["dense"], "device": "cpu"} | flags))


def stats(work, name="1-index/dense-model"):
    return Workdir(work).require(name).stats


def candidates(work):
    return Workdir(work).scan("2-retrieve/candidates").collect()


def test_a_hundred_new_documents_encode_a_hundred(tmp_path, model):
    data = write_beir(tmp_path / "beir")
    mine(tmp_path / "work", data, model=str(model))
    first = stats(tmp_path / "work")
    distinct = len(DOCUMENTS) - 1 + 6  # tea-2 is a copy of tea-1; six queries are mined
    assert (first["encoded"], first["reused"]) == (distinct, 0)
    new = {f"new-{n}": ("", f"hot tea number {n}") for n in range(100)}
    write_beir(data, documents=new | DOCUMENTS)
    mine(tmp_path / "work", data, model=str(model))
    again = stats(tmp_path / "work")
    assert (again["encoded"], again["reused"]) == (100, distinct)
    mine(tmp_path / "fresh", data, model=str(model))
    assert candidates(tmp_path / "work").equals(candidates(tmp_path / "fresh"))


def test_another_checkpoint_of_the_same_name_is_not_taken_for_the_first(tmp_path, model):
    data = write_beir(tmp_path / "beir")
    mine(tmp_path / "work", data, model=str(model))
    other = static_model(tmp_path / "other" / "model", seed=2)
    before = candidates(tmp_path / "work")
    mine(tmp_path / "work", data, model=str(other))
    assert stats(tmp_path / "work")["reused"] == 0
    assert not candidates(tmp_path / "work").equals(before)
    mine(tmp_path / "work", data, model=str(model))
    assert stats(tmp_path / "work")["encoded"] == 0
    assert candidates(tmp_path / "work").equals(before)


def test_every_row_has_a_dense_score_and_ranks_follow_it(tmp_path, model):
    data = write_beir(tmp_path / "beir")
    mine(tmp_path / "work", data, model=str(model), retriever=["bm25", "dense"], k=3)
    rows = candidates(tmp_path / "work")
    assert rows["dense_score"].null_count() == 0
    found = rows.filter(pl.col("dense_rank").is_not_null()).sort("query_id", "dense_rank")
    gaps = found.select(pl.col("dense_score").diff().over("query_id"))["dense_score"]
    assert (gaps.drop_nulls() <= 0).all()


def test_vectors_in_half_precision_are_kept_as_such(tmp_path, model):
    data = write_beir(tmp_path / "beir")
    mine(tmp_path / "work", data, model=str(model), vector_dtype="float16")
    folder = tmp_path / "work" / "1-index" / "dense-model"
    assert np.load(folder / "documents.npy").dtype == np.float16
    mine(tmp_path / "single", data, model=str(model))
    half, single = candidates(tmp_path / "work"), candidates(tmp_path / "single")
    both = half.join(single, on=["query_id", "doc_id"])
    assert both["dense_score"].to_list() == pytest.approx(
        both["dense_score_right"].to_list(), abs=2e-3
    )


def test_a_deleted_cache_costs_encoding_and_changes_nothing(tmp_path, model):
    data = write_beir(tmp_path / "beir")
    mine(tmp_path / "work", data, model=str(model))
    before = candidates(tmp_path / "work")
    shutil.rmtree(tmp_path / "work" / "vectors")
    assert all(
        row["outcome"] == "fresh"
        for row in mine(tmp_path / "work", data, model=str(model)).artifacts
    )
    mine(tmp_path / "work", data, model=str(model), force=True)
    assert candidates(tmp_path / "work").equals(before)


def test_given_vectors_are_normalised_and_used_in_row_order(tmp_path):
    data = write_beir(tmp_path / "beir")
    flags = write_vectors(data)
    mine(tmp_path / "unit", data, **flags)
    rows = np.load(flags["document_vectors"])
    np.save(data / "long.npy", (rows * np.linspace(0.5, 9, len(rows))[:, None]).astype(np.float64))
    mine(tmp_path / "long", data, **(flags | {"document_vectors": data / "long.npy"}))
    unit, long = candidates(tmp_path / "unit"), candidates(tmp_path / "long")
    both = unit.join(long, on=["query_id", "doc_id"])
    assert both.height == unit.height
    assert both["dense_score"].to_list() == pytest.approx(
        both["dense_score_right"].to_list(), abs=1e-6
    )
    queries = np.load(flags["query_vectors"])
    place = {name: row for row, name in enumerate(DOCUMENTS)}
    asked = {name: row for row, name in enumerate(QUERIES)}
    for query, document, score in unit.select("query_id", "doc_id", "dense_score").rows():
        expected = float(queries[asked[query]].astype(float) @ rows[place[document]].astype(float))
        assert score == pytest.approx(expected, abs=1e-6)


ROWS, DIMS = len(DOCUMENTS), 32
SPOILED = {
    "too few": (lambda a: a[:-1], r"has 23 rows, the source 24"),
    "too many": (lambda a: np.concatenate([a, a[:1]]), r"has 25 rows, the source 24"),
    "other width": (lambda a: a[:, :-1], "have 31 dimensions, --query-vectors .* 32"),
    "whole numbers": (lambda a: a.astype(np.int32), "must be floats"),
    "one row": (lambda a: a[0], "must be floats, one row per text"),
    "not a number": (
        lambda a: np.where(np.arange(ROWS)[:, None] == 3, np.nan, a),
        r"row 4 \(1 such",
    ),
    "zero": (lambda a: np.where(np.arange(ROWS)[:, None] == 0, 0, a), r"row 1 \(1 such"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_vectors_that_do_not_fit_are_told(tmp_path, name):
    data = write_beir(tmp_path / "beir")
    flags = write_vectors(data)
    spoil, said = SPOILED[name]
    np.save(flags["document_vectors"], spoil(np.load(flags["document_vectors"])))
    with pytest.raises(InputError, match=said) as told:
        mine(tmp_path / "work", data, **flags)
    if name != "other width":
        assert "documents.npy" in str(told.value)


def test_a_file_that_is_no_array_is_told(tmp_path):
    data = write_beir(tmp_path / "beir")
    flags = write_vectors(data)
    flags["query_vectors"].write_bytes(b"no array")
    with pytest.raises(InputError, match=r"queries\.npy is no \.npy array of numbers"):
        mine(tmp_path / "work", data, **flags)
    np.save(flags["query_vectors"], np.array([{"an": "object"}], object))
    with pytest.raises(
        InputError, match=r"queries\.npy: it holds object of shape .* must be floats"
    ):
        mine(tmp_path / "work", data, **flags)
    flags["query_vectors"].unlink()
    with pytest.raises(InputError, match=r"queries\.npy does not exist"):
        mine(tmp_path / "work", data, **flags)


def test_what_the_machine_lacks_is_said_before_anything_is_read(tmp_path, monkeypatch, model):
    import torch

    data = write_beir(tmp_path / "beir")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="--device cuda"):
        mine(tmp_path / "work", data, model=str(model), device="cuda")
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingDependency, match=r"negmine\[cpu\]"):
        mine(tmp_path / "work", data, model=str(model), index="HNSW32")
