"""What differs in how two runs were made, from their manifests."""

from dataclasses import replace

import pytest

from negmine.analysis.diff.setup import changed, differences, role, scale
from negmine.storage.manifest import Manifest


def manifest(artifact, settings=None, rows=10, versions=None):
    return Manifest(
        artifact, artifact.split("/")[0].split("-", 1)[1], "s/1", "id", 1, settings or {}, {}, rows,
        0.0, [], versions=versions or {},
    )  # fmt: skip


def made(*manifests):
    return {role(one.artifact)[0]: one for one in manifests}


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        ("1-index/dense-all-MiniLM-L6-v2", ("1-index/dense", "all-MiniLM-L6-v2")),
        ("2-retrieve/dense-a-b", ("2-retrieve/dense", "a-b")),
        ("2-retrieve/vectors-a-b", ("2-retrieve/vectors", "a-b")),
        ("1-index/faiss-a-b", ("1-index/faiss", "a-b")),
        ("1-index/e5-e5-base-v2", ("1-index/e5", "e5-base-v2")),
        ("2-retrieve/vectors_dense_2-a-b", ("2-retrieve/vectors_dense_2", "a-b")),
        ("3-rerank/ce-minilm", ("3-rerank", "ce-minilm")),
        ("4-filter/guide-x", ("4-filter/guide", "x")),
        ("4-filter/guide_2-x", ("4-filter/guide_2", "x")),
        ("4-filter/judge-x", ("4-filter/judge", "x")),
        ("4-filter/risk-model", ("4-filter/risk-model", "")),
        ("1-index/bm25", ("1-index/bm25", "")),
        ("2-retrieve/Backwards", ("2-retrieve/Backwards", "")),
    ],
)
def test_a_role_is_what_stays_when_the_model_changes(artifact, expected):
    assert role(artifact) == expected


def test_another_model_is_shown_by_name_and_fingerprint():
    found = differences(
        made(manifest("1-index/dense-one", {"model": "abc", "dtype": "float32"})),
        made(manifest("1-index/dense-two", {"model": "def", "dtype": "float32"})),
    )
    assert found.pop("models") == [
        {
            "artifact": "1-index/dense",
            "a": {"name": "one", "fingerprint": "abc"},
            "b": {"name": "two", "fingerprint": "def"},
        }
    ]
    assert not any(found.values())


def test_two_checkpoints_of_one_name_differ():
    one, two = (made(manifest("3-rerank/ce", {"model": digest})) for digest in ("abc", "def"))
    assert len(differences(one, two)["models"]) == 1
    assert differences(one, one)["models"] == []


def test_a_guide_has_a_fingerprint_of_both_its_encoders():
    one = made(manifest("4-filter/guide-g", {"query": "a", "document": "b"}))
    two = made(manifest("4-filter/guide-g", {"query": "a", "document": "c"}))
    (row,) = differences(one, two)["models"]
    assert row["a"]["fingerprint"] != row["b"]["fingerprint"]


def test_settings_sources_rows_and_versions_are_listed_apart():
    found = differences(
        made(manifest("1-index/corpus", {"sources": ["x"], "title": True}, 5, {"polars": "1"})),
        made(manifest("1-index/corpus", {"sources": ["y"], "title": False}, 6, {"polars": "2"})),
    )
    artifact = {"artifact": "1-index/corpus"}
    assert found == {
        "artifacts": [],
        "models": [],
        "sources": [artifact | {"a": ["x"], "b": ["y"]}],
        "settings": [artifact | {"setting": "title", "a": True, "b": False}],
        "versions": [{"package": "polars", "a": "1", "b": "2"}],
        "rows": [artifact | {"a": 5, "b": 6}],
    }


def test_a_setting_that_one_side_lacks_is_null_there():
    assert changed("x", {"k": 1}, {"k": 1, "b": 2}) == [
        {"artifact": "x", "setting": "b", "a": None, "b": 2}
    ]


def test_a_scale_is_model_and_formula_not_depth():
    one = made(manifest("3-rerank/ce", {"model": "m", "depth": 10}))
    deeper = made(manifest("3-rerank/other-name", {"model": "m", "depth": 20}))
    other = made(manifest("3-rerank/ce", {"model": "n", "depth": 10}))
    assert scale(one, "rerank") == scale(deeper, "rerank") != scale(other, "rerank")
    assert scale(one, "dense") is None
    exact = made(
        manifest("1-index/dense-m", {"model": "m"}), manifest("2-retrieve/dense-m", {"k": 5})
    )
    quick = {"k": 9, "index": "IVF8", "nprobe": 2}
    vectors = replace(manifest("2-retrieve/vectors-m", {"model": "m"}), schema=None)
    read = {"2-retrieve/vectors-m": "id", "1-index/queries": "id"}
    few = made(vectors, replace(manifest("2-retrieve/dense-m", quick), inputs=read))
    assert scale(exact, "dense") == scale(few, "dense") is not None
    assert scale({}, "risk") == scale(one, "risk")


def test_a_named_model_has_a_scale_of_its_own():
    vectors = replace(manifest("2-retrieve/vectors_e5-m", {"model": "m"}), schema=None)
    read = {"2-retrieve/vectors_e5-m": "id", "2-retrieve/bm25": "id"}
    run = replace(manifest("2-retrieve/e5-m", {"k": 5}), inputs=read)
    few = made(vectors, run, manifest("2-retrieve/bm25", {"k": 5, "factory": "x"}))
    full = made(manifest("1-index/e5-m", {"model": "m"}), manifest("2-retrieve/e5-m", {"k": 5}))
    assert scale(few, "e5") == scale(full, "e5") is not None
    assert scale(few, "dense") is None
