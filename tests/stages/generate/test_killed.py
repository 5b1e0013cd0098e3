"""SIGKILL while the endpoint answers: the same command again asks the rest, and ends with the same rows."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.conftest import write_beir
from tests.scorers.judge.server import answer, serving
from tests.stages.generate.writing import mined, of_query, rows, writes

TABLES = ("2-generate/documents", "2-generate/candidates", "2-generate/likeness")
ASKED = 12  # six queries, two documents each


@contextmanager
def killing(at, answers):
    """Serve; whoever sends request `at` is killed before it is answered. Yield the server and `run`."""
    process = None

    def script(request, number):
        if number == at:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        return answers(request, number)

    with serving(script) as server:

        def run(*words):
            nonlocal process
            words = [*words, "--generate-url", server.url, "--generate-model", "m"]
            words += ["--generate-concurrency", 1]
            command = [sys.executable, "-m", "negmine.cli", *map(str, words)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.communicate()
            return process.returncode

        yield server, run


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    return mined(folder / "w", write_beir(folder / "beir"), retriever=["bm25"])


def asked(server):
    return [one["messages"][-1]["content"] for one in server.requests]


def test_killed_while_documents_are_written(tmp_path, before):
    work, calm = (shutil.copytree(before, tmp_path / name) for name in ("w", "calm"))
    kinds, at = ("--generate-kind", "query-only", "--generate-count", 2), 5
    with killing(at, writes(of_query)) as (server, run):
        assert run("generate", work, *kinds) == -signal.SIGKILL
        assert len(server.requests) == at + 1 and not (work / TABLES[0] / "_manifest.json").exists()
        assert run("generate", work, *kinds) == 0
        prompts = asked(server)
        assert len(prompts[at + 1 :]) == ASKED - at
        assert not set(prompts[at + 1 :]) & set(prompts[:at])
        assert run("generate", calm, *kinds) == 0
    for name in TABLES:
        assert rows(work, name).equals(rows(calm, name)), name
    assert not list(work.rglob(".partial")) and not list(work.rglob("*.tmp"))


def test_killed_while_queries_are_written(tmp_path, before):
    """The files of new queries come at the end, and whole."""
    work, calm = (shutil.copytree(before, tmp_path / name) for name in ("w", "calm"))
    answers = iter(f'{{"query": "cats dogs tea python {n}"}}' for n in range(99))
    by_prompt = {}

    def script(request, number):
        prompt = request["messages"][-1]["content"]
        return 200, answer(by_prompt.setdefault(prompt, next(answers)))

    command, at = ("generate-queries", "--documents", 4, "--found-within", 24, "--out"), 2
    with killing(at, script) as (server, run):
        assert run(*command, tmp_path / "q", work) == -signal.SIGKILL
        assert not (tmp_path / "q").exists()
        assert run(*command, tmp_path / "q", work) == 0
        prompts = asked(server)
        assert len(prompts) == at + 1 + 4 - at and len(set(prompts)) == 4
        assert run(*command, tmp_path / "r", calm) == 0
    for name in ("queries.jsonl", "qrels.tsv"):
        made = (tmp_path / "q" / name).read_text()
        assert made == (tmp_path / "r" / name).read_text() and made.count("\n") > 1
