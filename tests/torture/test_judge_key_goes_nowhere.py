"""What goes over the wire with a judge: its own key, to its own host, and no OPENAI_* variable."""

import json
import os

import pytest

from negmine.errors import JudgeError
from tests.scorers.judge.mining import mine
from tests.scorers.judge.server import honest, serving

NO = honest(lambda text: False)
VARIABLES = {
    "OPENAI_ORG_ID": "org-leak", "OPENAI_PROJECT_ID": "project-leak", "OPENAI_ADMIN_KEY": "admin-leak",
    "OPENAI_WEBHOOK_SECRET": "webhook-leak",
    "OPENAI_CUSTOM_HEADERS": "X-Leak: header-leak\nAuthorization: auth-leak",
    "OPENAI_API_TYPE": "azure", "OPENAI_LOG": "debug", "OPENAI_BASE_URL": "http://127.0.0.1:9/leak",
}  # fmt: skip


@pytest.mark.parametrize("key", ["NEGMINE_JUDGE_KEY", "OPENAI_API_KEY", None])
def test_no_openai_variable_has_a_say(tmp_path, beir, monkeypatch, key):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    if key:
        monkeypatch.setenv(key, "sk-mine")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password netrc-leak\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(NO) as server:
        mine(tmp_path / "w", beir, server)
    assert server.requests
    for headers in server.headers:
        assert headers.get("authorization") == ("Bearer sk-mine" if key else None)
        assert "leak" not in json.dumps(headers)
        assert not any(name.startswith("openai") for name in headers)
    assert all(os.environ[name] == value for name, value in VARIABLES.items())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_gets_nothing(tmp_path, beir, monkeypatch, status):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", "sk-mine")
    with serving(NO) as thief:
        elsewhere = f"{thief.url}/chat/completions"
        with (
            serving(lambda r, n: (status, elsewhere)) as server,
            pytest.raises(JudgeError) as caught,
        ):
            mine(tmp_path / "w", beir, server, judge_concurrency=1)
        assert not thief.requests
    for url in (server.url, thief.url):
        assert url.removesuffix("/v1") in str(caught.value)
    assert len(server.requests) == 1  # and it is not tried again


def test_a_redirect_within_the_host_goes_on(tmp_path, beir, monkeypatch):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", "sk-mine")

    def script(request, number):
        return NO(request, number) if number % 2 else (307, "/v1/chat/completions")

    with serving(script) as server:
        mine(tmp_path / "w", beir, server, judge_concurrency=1, judge_rounds=1)
    assert len(server.requests) > 1
    assert {headers["authorization"] for headers in server.headers} == {"Bearer sk-mine"}
