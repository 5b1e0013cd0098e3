"""--engine ray and a work directory on S3: nodes share nothing but the bucket."""

import pytest

import negmine
from negmine.config import memory
from tests.engine.executors.conftest import PLUGINS, on
from tests.storage.remote.conftest import client_of
from tests.storage.remote.test_commands_there import tables


@pytest.fixture
def s3(cluster, monkeypatch):
    pytest.importorskip("moto", reason="needs an S3: pip install 'moto[server]'")
    yield from client_of(cluster.s3, monkeypatch)


def test_rows_are_those_of_a_folder(tmp_path, connected, s3, prepared, monkeypatch):
    settings, calm = prepared
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memory, "PART_QUERIES", 2)
    monkeypatch.setattr(memory, "PART_DOCUMENTS", 5)
    made = negmine.mine(
        "s3://texts/work", rerank_model=f"{PLUGINS}:Counting", **settings, **on(connected)
    )
    assert made.summary["candidates"] > 0
    here, there = tables(calm), tables("s3://texts/work")
    assert list(here) == list(there)
    for name, rows in here.items():
        assert rows.equals(there[name]), name
