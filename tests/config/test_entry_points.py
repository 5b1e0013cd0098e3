"""Names that installed packages register: what they stand for, who may use them."""

import sys

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.config.settings import Settings
from negmine.errors import NotTrusted, SettingsError
from negmine.storage.workdir import Workdir
from tests.configs import resolve

CODE = """
from pathlib import Path
Path(r"{mark}").touch()
import numpy as np

class Reversed:
    def __init__(self, documents, first=0):
        self.count = sum(table.num_rows for table in documents())
        self.first = first
    def search(self, queries, k):
        docs = np.tile(np.arange(self.count)[::-1][self.first:][:k], (queries.num_rows, 1))
        return docs, docs.astype(np.float32)

class Lengths:
    def score(self, queries, documents):
        return np.array([len(text) for text in documents], np.float32)

class Makes:
    reversed = Reversed
"""


def install(folder, package, **groups):
    """Write what `pip install` writes of a package: its metadata."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = []
    for group, points in groups.items():
        lines += [f"[negmine.{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with two retrievers and a scorer. Returns the file that its import leaves."""
    site, mark = tmp_path / "site", tmp_path / "imported"
    install(
        site,
        "my-search",
        retrievers={"upside_down": "my_search:Reversed", "inside": "my_search:Makes.reversed"},
        scorers={"lengths": "my_search:Lengths"},
    )
    (site / "my_search.py").write_text(CODE.format(mark=mark))
    monkeypatch.syspath_prepend(site)
    yield mark
    sys.modules.pop("my_search", None)


def test_a_registered_name_is_a_retriever_with_columns_of_that_name(tmp_path, beir, installed):
    flags = {"retriever": ["bm25", "upside_down", "inside"], "rerank_model": "lengths", "k": 3}
    flags["retriever_option"] = ["inside.first=2"]
    work = Workdir(negmine.mine(tmp_path / "work", data=beir, **flags).work)
    rows = work.scan("2-retrieve/candidates").collect()
    query = rows.filter(pl.col("query_id") == "q1")
    first = {
        name: query.filter(pl.col(f"{name}_rank") == 1)["doc_id"][0]
        for name in flags["retriever"][1:]
    }
    assert first == {"upside_down": "mix-6", "inside": "mix-4"}
    verdicts = work.scan("4-filter/verdicts").collect()
    assert np.isfinite(verdicts["rerank_score"].to_numpy()).all()
    assert {row.state for row in negmine.status(work.root)} == {"fresh"}


def test_the_work_directory_remembers_the_plugin_and_not_the_name(installed):
    config = resolve({"retriever": ["bm25", "upside_down"], "rerank_model": "lengths"})
    assert config.to_remember()["index"]["retriever"] == ["bm25", "my_search:Reversed:upside_down"]
    assert config.to_remember()["rerank"]["rerank_model"] == "my_search:Lengths:lengths"
    assert config.retriever_names == ["bm25", "upside_down"]
    assert not installed.exists()  # settings import nothing


def test_a_name_in_a_file_counts_and_a_remembered_one_does_not(tmp_path, installed):
    (tmp_path / "negmine.toml").write_text('[index]\nretriever = ["upside_down"]\n')
    assert resolve({}, tmp_path / "negmine.toml").retriever_names == ["upside_down"]
    remembered = Settings.model_validate(
        {"index": {"retriever": ["upside_down"]}, "rerank": {"rerank_model": "lengths"}}
    )
    with pytest.raises(SettingsError, match="--retriever upside_down: no such retriever"):
        resolve({}, remembered=remembered)
    config = resolve({"retriever": ["bm25"]}, remembered=remembered)
    assert config.rerank.rerank_model == "lengths"  # a model's name, of which no code is run


def test_a_received_work_directory_runs_no_registered_plugin(tmp_path, beir, installed):
    work = negmine.mine(tmp_path / "work", data=beir, retriever=["upside_down"]).work
    work.rename(tmp_path / "received")
    sys.modules.pop("my_search")
    installed.unlink()
    with pytest.raises(NotTrusted, match=r"--retriever my_search:Reversed:upside_down"):
        negmine.retrieve(tmp_path / "received", force=True)
    negmine.status(tmp_path / "received")
    assert not installed.exists()


def test_own_names_and_folders_come_before_registered_ones(tmp_path, monkeypatch):
    names = {"retrievers": {"bm25": "evil:make"}, "scorers": {"judge": "evil:make"}}
    install(tmp_path / "site", "evil", **names)
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert resolve({"retriever": ["bm25"]}).index.retriever == ("bm25",)
    run = resolve({"retriever": ["own"], "run": ["own=x.trec"]})
    assert run.index.retriever == ("own",)
    (tmp_path / "judge").mkdir()
    monkeypatch.chdir(tmp_path)
    assert resolve({"rerank_model": "judge"}).rerank.rerank_model == str(tmp_path / "judge")


def test_two_packages_with_one_name_are_told_apart_by_the_user(tmp_path, monkeypatch):
    for package in ("one", "two"):
        install(tmp_path / "site", package, retrievers={"same": f"{package}:make"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(
        SettingsError, match=r"one, two\. Name the plug-in itself: one:make:same or two"
    ):
        resolve({"retriever": ["same"]})


def test_a_wrong_name_is_answered_with_the_registered_ones(installed):
    with pytest.raises(
        SettingsError, match=r"Did you mean 'upside_down'.* There are .*upside_down"
    ):
        resolve({"retriever": ["upside_dwn"]})


def test_one_factory_can_be_used_twice_under_names(tmp_path, beir, installed):
    flags = {
        "retriever": ["my_search:Reversed:a", "my_search:Reversed:b"],
        "retriever_option": ["b.first=1"],
    }
    work = Workdir(negmine.mine(tmp_path / "work", data=beir, k=1, **flags).work)
    assert set(work.scan("2-retrieve/a").collect()["doc_id"]) == {"mix-6"}
    assert set(work.scan("2-retrieve/b").collect()["doc_id"]) == {"mix-5"}


@pytest.mark.parametrize("spec", ["my_search:Reversed:a:b", ":make", "my_search:"])
def test_a_malformed_plugin_is_a_clear_error(tmp_path, beir, installed, spec):
    with pytest.raises(SettingsError, match=f"--retriever '?{spec}"):
        negmine.mine(tmp_path / "work", data=beir, retriever=[spec])
