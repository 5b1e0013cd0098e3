"""generate-queries on a work directory on S3: files as here, and answers that another machine finds."""

import pytest

import negmine
from tests.analysis.queries.test_generate_queries import about, generated, lines, writes
from tests.conftest import write_beir
from tests.models.tiny import static_model
from tests.scorers.judge.server import serving

THERE = "s3://texts/runs/work"


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    for name in ("NEGMINE_GENERATE_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_queries_are_those_of_a_local_run_and_nothing_is_asked_twice(s3, tmp_path, monkeypatch):
    data, model = write_beir(tmp_path / "beir"), str(static_model(tmp_path / "m"))
    settings = {"data": data, "retriever": ["bm25", "dense"], "model": model, "device": "cpu"}
    for work in (tmp_path / "here", THERE):
        negmine.index(work, **settings)
    with serving(writes(about)) as server:
        generated(tmp_path / "here", server, tmp_path / "local")
        made = generated(THERE, server, tmp_path / "q")
        asked = len(server.requests)
        monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / "another machine"))
        assert generated(THERE, server, tmp_path / "again") == made | {
            "folder": str(tmp_path / "again")
        }
        assert len(server.requests) == asked
    assert lines(tmp_path / "q") == lines(tmp_path / "local") == lines(tmp_path / "again")
