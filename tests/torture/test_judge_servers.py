"""Judge servers that misbehave: a message or an abstention, in bounded time; the same command goes on."""

import shutil
import time
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.errors import JudgeError
from tests.conftest import write_beir
from tests.torture.faults import FULL
from tests.torture.judge_servers import PASSING, READ, misbehaving

SECONDS = 60  # a command that has to wait for nobody longer than that


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_beir(tmp_path_factory.mktemp("data") / "beir")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, data):
    """Return a work directory with everything before the judge."""
    work = tmp_path_factory.mktemp("prepared") / "work"
    negmine.mine(work, data=data, retriever=["bm25"], no_near_duplicate=True)
    return work


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory):
    with misbehaving() as server:
        work = copied(prepared, tmp_path_factory.mktemp("undisturbed"))
        judged(work, server)
        assert len(server.requests) > 7
        return rows(work), len(server.requests)


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    for name in ("NEGMINE_JUDGE_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def copied(prepared, folder):
    return Path(shutil.copytree(prepared, folder / "w"))


def judged(work, server, **flags):
    base = {"judge_url": server.url, "judge_model": "m", "judge_check": 0, "judge_batch": 2}
    base |= {"judge_timeout": 30, "judge_retries": 1, "judge_concurrency": 2, "judge_rounds": 1}
    return negmine.filter(work, judged_negatives="ignore", **(base | flags))


def rows(work):
    return pl.read_parquet(work / "4-filter/verdicts/*.parquet").rows()


def names(table, every):
    """Return all names of a table, in the short form some."""
    return list(table) if FULL else list(table)[::every]


@pytest.mark.parametrize("name", names(PASSING, 2))
def test_trouble_has_an_end_and_the_same_command_goes_on(name, prepared, undisturbed, tmp_path):
    work = copied(prepared, tmp_path)
    expected, calls = undisturbed
    with misbehaving() as server:
        server.says = lambda request, number: PASSING[name](request) if number > 7 else None
        start = time.monotonic()
        try:
            judged(work, server, judge_timeout=2)
        except JudgeError as error:
            assert len(str(error)) < 800
            assert str(error).isprintable()
        else:
            assert "judge_abstained" in {row for line in rows(work) for row in line}
        assert time.monotonic() - start < SECONDS
        server.says, before = None, len(server.requests)
        judged(work, server)
        assert len(server.requests) == before + calls - 7  # the first seven are kept
    assert rows(work) == expected


@pytest.mark.parametrize("name", names(READ, 3))
def test_a_right_answer_is_read_whatever_it_comes_in(name, prepared, undisturbed, tmp_path):
    work = copied(prepared, tmp_path)
    with misbehaving() as server:
        server.says = lambda request, number: READ[name](request)
        judged(work, server)
    assert rows(work) == undisturbed[0]


def test_calls_in_flight_are_kept_when_one_dies(prepared, undisturbed, tmp_path):
    """Four queries at once; the third call is refused while the others still wait for their answers."""
    work = copied(prepared, tmp_path)

    def says(request, number):
        if number == 3:
            return PASSING["401"](request)
        time.sleep(0.5)
        return None

    with misbehaving() as server:
        server.says = says
        with pytest.raises(JudgeError, match="who are you"):
            judged(work, server, judge_concurrency=4)
        assert 3 <= len(server.requests) <= 4
        answered = len(server.requests) - 1
        server.says = None
        judged(work, server)
        assert len(server.requests) == answered + 1 + undisturbed[1] - answered
    assert rows(work) == undisturbed[0]


@pytest.mark.parametrize("name", ["half JSON", "200 and an error", "reset", "503 with HTML"])
def test_an_examination_that_was_broken_off_is_gone_on_with(name, prepared, tmp_path):
    work = copied(prepared, tmp_path)
    with misbehaving() as server:
        server.says = lambda request, number: PASSING[name](request) if number > 2 else None
        with pytest.raises(JudgeError):
            judged(work, server, judge_check=3, min_sensitivity=0, judge_timeout=2)
        server.says = None
        judged(work, server, judge_check=3, min_sensitivity=0)
