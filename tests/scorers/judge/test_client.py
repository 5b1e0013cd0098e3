"""The client of the judge: no variable of the openai package has a say in it."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

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
        "import logging, os; from negmine.scorers.judge.client import import_openai; import_openai(); "
        "print(logging.getLogger('openai').level, logging.getLogger().handlers, os.environ['OPENAI_LOG'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"OPENAI_LOG": "debug"}, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "0 [] debug"
