"""The client of the judge: no variable of the openai package has a say in it."""

import asyncio
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from negmine.errors import JudgeError
from negmine.scorers.judge.chat import HttpChat
from tests.scorers.judge.mining import mine
from tests.scorers.judge.server import honest, serving

KEY = "OPENAI_API_KEY"


def variables():
    """Return every variable OPENAI_* (and Azure's) that the installed package reads."""
    package = Path(find_spec("openai").origin).parent
    texts = (path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    reads = re.compile(r"(?:environ\.get|getenv)\(\s*[\"'](\w*OPENAI\w*)[\"']")
    return {name for text in texts for name in reads.findall(text)}


def test_what_goes_over_the_wire_has_none_of_them(tmp_path, beir, monkeypatch):
    names = variables() - {KEY}
    assert {
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
        "OPENAI_BASE_URL",
        "OPENAI_CUSTOM_HEADERS",
    } <= names
    for name in names:
        monkeypatch.setenv(name, f"leak:{name}-leak")
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", "sk-mine")
    monkeypatch.setenv(KEY, "sk-leak")
    with serving(honest(lambda text: False)) as server:
        mine(tmp_path / "w", beir, server)
    assert server.requests
    assert "leak" not in json.dumps([server.headers, server.requests])
    assert {headers["authorization"] for headers in server.headers} == {"Bearer sk-mine"}


def test_openai_log_turns_on_no_log():
    code = (
        "import logging, os; from negmine.models.endpoint.client import import_openai; import_openai(); "
        "print(logging.getLogger('openai').level, logging.getLogger().handlers, os.environ['OPENAI_LOG'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"OPENAI_LOG": "debug"}, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "0 [] debug"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/v1", "connection refused"),
        ("http://no-such-host.invalid/v1", "the name of its host is not known"),
        ("HTTPS", "no TLS connection, is it http:// and not https://?"),
    ],
)
def test_each_reason_of_no_connection_is_told_apart(url, words):
    with serving(lambda request, number: (200, "x")) as judge:
        address = judge.url.replace("http:", "https:") if url == "HTTPS" else url
        chat = HttpChat(address, "m", 5, 0, {})
        with pytest.raises(JudgeError, match="does not answer") as raised:
            asyncio.run(chat.ask([{"role": "user", "content": "x"}], 5, False, 0))
    assert words in str(raised.value)
