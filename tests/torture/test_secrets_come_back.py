"""A judge that echoes its key: no piece of it reaches stdout, stderr, JSON or a file."""

import base64
import json
import subprocess
import sys

import pytest

from tests import warm
from tests.conftest import write_beir
from tests.scorers.judge.server import answer, serving
from tests.torture.faults import FULL

KEY = "sk-live-7Qz9vT2mXc4LpRw8NbHs5YgD"
ECHOES = {
    "in the answer": lambda key: (200, answer(f"d0-x: yes\nyour key is {key}")),
    "as the whole answer": lambda key: (200, answer(key)),
    "as a token": lambda key: (200, answer("Yes", tokens=[(key, -0.1), ("No", -2.0)])),
    "in base64": lambda key: (200, answer(base64.b64encode(key.encode()).decode())),
    "cut by a newline": lambda key: (200, answer(f"{key[:16]}\n{key[16:]}")),
    "half of it": lambda key: (200, answer(f"key {key[:16]}... is fine")),
    "in another field": lambda key: (200, answer("x") | {"model": key, "id": key}),
    "401": lambda key: (401, {"error": {"message": f"Incorrect API key provided: {key}"}}),
    "401, half": lambda key: (401, {"error": {"message": f"Incorrect API key: {key[:18]}****"}}),
    "403 as HTML": lambda key: (403, f"<p>Bearer {key}</p>"),
    "400 as hex": lambda key: (400, key.encode().hex()),
    "500": lambda key: (500, f"trace: Authorization: Bearer {key}"),
    "no JSON": lambda key: (200, f"Bearer {key}"),
}
PIECES = {KEY[place : place + 11] for place in range(len(KEY) - 10)}
CODED = {base64.b64encode(KEY.encode()).decode()[2:40], KEY.encode().hex()[:40]}


def leaks(data):
    """Return the pieces of the key that a text or some bytes hold."""
    text = "".join((data if isinstance(data, str) else data.decode("utf-8", "replace")).split())
    return [piece for piece in PIECES | CODED if piece in text]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_beir(tmp_path_factory.mktemp("data") / "beir")


TRIED = [(echo, ()) for echo in ECHOES]
TRIED += [(echo, ("--json",)) for echo in (ECHOES if FULL else ("as the whole answer", "401"))]


@pytest.mark.parametrize(("echo", "json_flag"), TRIED)
def test_no_piece_of_the_key_comes_back(echo, json_flag, data, tmp_path, monkeypatch):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", KEY)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serving(lambda request, number: ECHOES[echo](KEY)) as judge:
        done = warm.negmine(
            "mine", tmp_path / "w", "--data", data, "--retriever", "bm25", "--judge-url", judge.url,
            "--judge-model", "m", "--judge-retries", "0", "--judge-check", "0", *json_flag,
        )  # fmt: skip
        assert judge.requests
        assert all(KEY in headers["authorization"] for headers in judge.headers)
    assert not leaks(done.stdout)
    assert not leaks(done.stderr)
    for file in (tmp_path / "w").rglob("*"):
        if file.is_file():
            assert not leaks(file.read_bytes()), file
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "url", ["http://me:hunter2secret@127.0.0.1:9/v1", "http://127.0.0.1:9/v1?key=hunter2secret"]
)
def test_user_password_and_query_of_a_url_are_neither_shown_nor_stored(url, data, tmp_path):
    done = warm.negmine(
        "mine", tmp_path / "w", "--data", data, "--retriever", "bm25", "--judge-url", url,
        "--judge-model", "m", "--json",
    )  # fmt: skip
    assert done.returncode == 2
    assert "hunter2" not in done.stdout + done.stderr
    assert "NEGMINE_JUDGE_KEY" in json.loads(done.stdout)["errors"][0]["message"]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [file for file in files if b"hunter2" in file.read_bytes()]


def test_the_key_in_extra_is_refused(data, tmp_path, monkeypatch):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", KEY)
    done = warm.negmine(
        "mine", tmp_path / "w", "--data", data, "--retriever", "bm25", "--judge-url", "http://127.0.0.1:9/v1",
        "--judge-model", "m", "--judge-extra", json.dumps({"api_key": KEY}),
    )  # fmt: skip
    assert done.returncode == 2
    assert not leaks(done.stdout + done.stderr)
    assert "--judge-extra has the judge's key in it" in done.stderr


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_without_end_is_cut(status, data, tmp_path):
    """60 MB were kept once, and an endless answer took 2.5 GB."""

    def endless():
        while True:
            yield b"x" * 65536

    with serving(lambda request, number: (status, endless())) as judge:
        script = f"""
import sys
from negmine.cli.start import main
sys.argv = ["negmine", "mine", {str(tmp_path / "w")!r}, "--data", {str(data)!r}, "--retriever", "bm25",
    "--judge-url", {judge.url!r}, "--judge-model", "m", "--judge-retries", "0", "--judge-check", "0",
    "--judge-concurrency", "1"]
try:
    main()
finally:
    lines = open("/proc/self/status").read().splitlines()
    print("peak", next(line for line in lines if line.startswith("VmHWM")).split()[1], file=sys.stderr)
"""
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
        )
    assert "Traceback" not in done.stderr
    peak = int(done.stderr.strip().splitlines()[-1].split()[1])
    assert peak < 600_000  # kilobytes
    kept = tmp_path / "w/judge"
    assert sum(file.stat().st_size for file in kept.rglob("*") if file.is_file()) < 3_000_000
