"""Work directories of earlier versions (tests/old): reopened, and gone on with."""

import json
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

import negmine
from tests.scorers.judge.server import honest, serving

PACKED = sorted((Path(__file__).parent / "old").glob("*.tar.gz"))
KEPT = {
    "1-index/corpus",
    "1-index/queries",
    "1-index/qrels",
    "1-index/dense-model",
    "2-retrieve/dense-model",
}
WHY = {
    "1-index/bm25": "fold-accents off -> on",
    "2-retrieve/bm25": "1-index/bm25 changed",
    "4-filter/survivors": "anchor none -> min; judged-negatives none -> first",
}


@pytest.fixture(params=PACKED, ids=lambda path: path.name.split(".")[0])
def old(request, tmp_path):
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path


def flags(folder, server):
    """Return the settings that the old work directory was made with, named anew."""
    return {
        "data": folder / "data", "retriever": ["bm25", "dense"], "model": str(folder / "model"),
        "no_near_duplicate": True, "num_negatives": 2, "judge_url": server.url, "judge_model": "m",
        "judge_check": 0,
    }  # fmt: skip


def rows(work):
    return {
        name: pl.read_parquet(work / name / "*.parquet").rows()
        for name in (
            "2-retrieve/candidates",
            "4-filter/verdicts",
            "5-write/triplet",
            "5-write/provenance",
        )
    }


def calls(work):
    with closing(sqlite3.connect(work / "judge/judge-m.sqlite")) as file:
        return file.execute("select count(*) from calls").fetchone()[0]


def test_one_is_packed_and_small():
    assert PACKED
    assert sum(path.stat().st_size for path in PACKED) < 300_000


def test_an_old_work_directory_says_what_is_made_again_and_why(old):
    states = {one.artifact.name: one for one in negmine.status(old / "work")}
    assert {name for name, one in states.items() if one.state == "fresh"} >= KEPT
    assert {name: states[name].why for name in WHY} == WHY
    assert {one.state for name, one in states.items() if name[0] > "2"} == {"stale"}


def test_an_old_work_directory_ends_with_the_rows_of_a_new_one(old):
    with serving(honest(lambda text: "tea" in text.lower())) as server:
        before = calls(old / "work")
        negmine.mine(old / "work", **flags(old, server))
        asked = len(server.requests)
        negmine.mine(old / "new", **flags(old, server))
    assert rows(old / "work") == rows(old / "new")
    assert calls(old / "work") == before + asked  # the old answers are still there, to be read
    assert {one.state for one in negmine.status(old / "work")} == {"fresh"}


def test_caches_of_an_old_work_directory_count(old):
    shutil.rmtree(old / "work/1-index/dense-model")
    with serving(honest(lambda text: False)) as server:
        negmine.index(
            old / "work",
            **{k: v for k, v in flags(old, server).items() if k in ("data", "retriever", "model")},
        )
    stats = json.loads((old / "work/1-index/dense-model/_manifest.json").read_text())["stats"]
    assert (stats["encoded"], stats["reused"]) == (0, 29)
