"""What servers send when something is wrong: it is an abstention or an error, never a traceback."""

import json
import math
import sqlite3
import time

import pytest

import negmine
from negmine.errors import JudgeError, SettingsError
from negmine.scorers.judge.wire import read
from negmine.storage.workdir import Workdir
from tests.scorers.judge.mining import Ear, mine, states
from tests.scorers.judge.server import answer, documents, honest, serving

NO = honest(lambda text: False)


def said(text="Yes", **changes):
    body = answer(text, tokens=[("Yes", -0.1), ("No", -3.0)])
    body["choices"][0] |= changes
    return body


def top(entries):
    return said(logprobs={"content": [{"token": "Yes", "top_logprobs": entries}]})


NOTHING = {
    "truncated": '{"id": "x", "cho',
    "html": "<html>please log in</html>",
    "error body": {"error": {"message": "upstream failed", "code": 502}},
    "list": [1, 2],
    "null": "null",
    "string": '"hello"',
    "deep": "[" * 100_000,
    "no choices": {"choices": []},
    "choices a string": {"choices": "hello"},
    "choices an object": {"choices": {"a": 1}},
    "choices of numbers": {"choices": [1]},
    "no message": {"choices": [{"finish_reason": "stop"}]},
    "message a string": {"choices": [{"message": "hi", "finish_reason": "stop"}]},
}
ODD = {
    "no content": said(None, logprobs=None),
    "content a number": said(message={"content": 7}, logprobs=None),
    "half a character": '{"choices": [{"message": {"content": "\\ud800 d1-0000: no"}}]}',
    "a long number": said("d" + "1" * 5000 + ": no", logprobs=None),
    "logprob missing": top([{"token": "Yes"}]),
    "logprob null": top([{"token": "Yes", "logprob": None}, {"token": "No", "logprob": -1}]),
    "logprob huge": top([{"token": "Yes", "logprob": 1000.0}, {"token": "No", "logprob": -1}]),
    "logprob NaN": top([{"token": "Yes", "logprob": math.nan}, {"token": "No", "logprob": -1}]),
    "logprob long": top([{"token": "Yes", "logprob": -(10**5000)}]),
    "logprobs a string": said(logprobs={"content": "x"}),
    "logprobs an object": said(logprobs={"content": {"a": 1}}),
}
USAGE = [
    "many", {"prompt_tokens": "many", "completion_tokens": {}}, {"prompt_tokens": math.inf}, [],
    {"prompt_tokens": -5}, {"prompt_tokens": math.nan}, {"prompt_tokens": True}, None,
]  # fmt: skip


@pytest.mark.parametrize("name", NOTHING | ODD)
@pytest.mark.parametrize("method", ["verdict", "logprob"])
def test_any_body_is_an_abstention(tmp_path, beir, name, method):
    body = (NOTHING | ODD)[name]
    if not isinstance(body, str):
        body = _json(body)
    with serving(lambda r, n: (200, body)) as server:
        result = mine(tmp_path / "w", beir, server, judge_method=method, judge_rounds=1)
        again = mine(tmp_path / "w", beir, server, judge_method=method, judge_rounds=1)
    assert result.summary["kept"] == again.summary["kept"] == 0
    assert result.summary["removed"]["judge_abstained"] > 0


def _json(body):
    """Return JSON, with the numbers that json.dumps refuses to write."""
    if "logprob long" in ODD and body is ODD["logprob long"]:
        body = top([{"token": "Yes", "logprob": "LONG"}])
        return json.dumps(body).replace('"LONG"', "-1" + "0" * 4000)
    return json.dumps(body)


@pytest.mark.parametrize("usage", USAGE, ids=str)
def test_any_usage_is_read(usage):
    reply = read(json.dumps(answer("d1-0000: no") | {"usage": usage}).encode())
    assert (reply.prompt_tokens, reply.completion_tokens) == (0, 0)
    assert reply.text == "d1-0000: no"


def test_texts_in_parts_are_joined():
    parts = [
        {"type": "text", "text": "d1-"},
        {"type": "image"},
        {"type": "text", "text": "0000: no"},
    ]
    assert read(json.dumps(said(message={"content": parts})).encode()).text == "d1-0000: no"


@pytest.mark.parametrize("name", ["html", "error body", "no choices"])
def test_what_no_model_said_is_not_remembered_and_asked_again(tmp_path, beir, name):
    well = False

    def script(request, number):
        return NO(request, number) if well else (200, NOTHING[name])

    ear = Ear()
    with serving(script) as server:
        mine(tmp_path / "w", beir, server, progress=ear)
        assert len([note for note in ear.notes if "page of a proxy" in note]) == 1
        assert rows_of(tmp_path / "w") == 0
        state, why = states(tmp_path / "w")["4-filter/judge-m"]
        assert (state, why.split(" about ")[0]) == ("partial", "the judge was not heard")
        well, paid = True, len(server.requests)
        healed = negmine.filter(tmp_path / "w")
        assert len(server.requests) > paid
    assert healed.summary["kept"] > 0
    assert "judge_abstained" not in healed.summary["removed"]
    assert states(tmp_path / "w")["4-filter/judge-m"][0] == "fresh"


@pytest.mark.parametrize("method", ["verdict", "logprob"])
@pytest.mark.parametrize(
    "trouble", [(400, {"error": {"message": "too long"}}), (200, answer("Hm"))]
)
def test_force_asks_again_what_got_no_usable_answer(tmp_path, beir, method, trouble):
    """Refused, or answered with nothing that can be read: final, until --force."""
    well = False

    def script(request, number):
        first = "eighty" not in next(iter(documents(request).values()))
        return NO(request, number) if well or (trouble[0] == 400 and first) else trouble

    flags = {"judge_method": method, "judge_batch": 1, "judge_concurrency": 1, "judge_scope": "all"}
    with serving(script) as server:
        before = mine(tmp_path / "w", beir, server, **flags)
        assert before.summary["removed"]["judge_abstained"] > 0
        well, paid = True, len(server.requests)
        assert negmine.filter(tmp_path / "w").summary == before.summary
        assert len(server.requests) == paid
        healed = negmine.filter(tmp_path / "w", force=True)
        assert "judge_abstained" not in healed.summary["removed"]
        paid = len(server.requests)
        negmine.filter(tmp_path / "w", force=True)
        assert len(server.requests) == paid


def test_a_remembered_logprob_that_is_none_does_no_harm(tmp_path, beir):
    with serving(NO) as server:
        mine(tmp_path / "w", beir, server, judge_method="logprob")
        with sqlite3.connect(tmp_path / "w/judge/judge-m.sqlite") as calls:
            calls.execute("update calls set seal = null")  # as of an older version
            calls.execute('update calls set first_tokens = \'[["Yes", 1000.0], ["No", -1.0]]\'')
        calls.close()
        (tmp_path / "w/4-filter/judge-m/_manifest.json").unlink()
        (tmp_path / "w/4-filter/judge-m/part-00000.parquet").unlink()
        assert negmine.filter(tmp_path / "w").summary["kept"] == 0


def test_trouble_that_stays_is_told_as_such(tmp_path, beir):
    with serving(lambda r, n: (500, {"error": {"message": "boom"}})) as server:  # noqa: SIM117
        with pytest.raises(JudgeError, match=r"does not answer .*boom.*run the same command again"):
            mine(tmp_path / "w", beir, server, judge_concurrency=1)
    assert len(server.requests) == 3


def test_a_server_that_drips_is_not_waited_for(tmp_path, beir):
    def drip():
        """Blanks that become no answer. Who waits for all of them is told something else in the end."""
        for _ in range(1000):
            yield b" "
            time.sleep(0.05)

    with serving(lambda r, n: (200, drip())) as server:  # noqa: SIM117
        with pytest.raises(JudgeError, match=r"no whole answer within --judge-timeout 0\.3 s"):
            mine(tmp_path / "w", beir, server, judge_timeout=0.3, judge_retries=1)


def test_a_key_that_a_server_sends_back_is_not_shown(tmp_path, beir, monkeypatch):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", "sk-very-secret")
    body = {"error": {"message": "bad key Bearer sk-very-secret"}}
    for status in (401, 500):
        with serving(lambda r, n, status=status: (status, body)) as server:
            with pytest.raises(JudgeError, match=r"bad key Bearer \[secret\]") as told:
                mine(tmp_path / "w", beir, server, judge_retries=0)
            assert "sk-very" not in str(told.value)


def test_white_space_around_a_key_is_dropped_and_odd_keys_are_told(tmp_path, beir, monkeypatch):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", " \n")
    monkeypatch.setenv("OPENAI_API_KEY", " sk-own\n")
    with serving(NO) as server:
        mine(tmp_path / "w", beir, server)
        assert {headers["authorization"] for headers in server.headers} == {"Bearer sk-own"}
        for odd in ("sk-schlüssel", "sk-a\nsk-b"):
            monkeypatch.setenv("NEGMINE_JUDGE_KEY", odd)
            with pytest.raises(
                SettingsError, match="NEGMINE_JUDGE_KEY has a character in it"
            ) as told:
                mine(tmp_path / "v", beir, server)
            assert odd not in str(told.value)


def test_what_is_sent_can_be_changed(tmp_path, beir):
    extra = '{"temperature": null, "max_tokens": null, "max_completion_tokens": 900}'
    with serving(NO) as server:
        mine(tmp_path / "a", beir, server, judge_max_tokens=500)
        assert {request["max_tokens"] for request in server.requests} == {500}
        assert {request["temperature"] for request in server.requests} == {0}
    with serving(NO) as server:
        mine(tmp_path / "b", beir, server, judge_extra=extra)
        assert {request["max_completion_tokens"] for request in server.requests} == {900}
        assert not any("temperature" in r or "max_tokens" in r for r in server.requests)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"judge_url": "not a url"}, "--judge-url 'not a url' is no web address"),
        ({"judge_url": ""}, "--judge-url '' is no web address"),
        ({"judge_url": "localhost:8000/v1"}, "is no web address"),
        ({"judge_url": "http://[bad"}, "is no web address"),
        ({"judge_url": "http://x:99999/v1"}, "is no web address"),
        ({"judge_model": ""}, "go together"),
        ({"judge_extra": "{"}, "--judge-extra"),
        ({"judge_extra": '{"model": "other"}'}, "without messages, model"),
        ({"judge_max_tokens": 0}, "--judge-max-tokens 0"),
    ],
)
def test_settings_of_the_endpoint_are_checked(tmp_path, beir, flags, told):
    base = {"judge_url": "http://x/v1", "judge_model": "m", "data": beir, "retriever": ["bm25"]}
    with pytest.raises(SettingsError, match=told.replace("[", r"\[")):
        negmine.mine(tmp_path / "w", **(base | flags))


def rows_of(work):
    file = sqlite3.connect(Workdir(work).root / "judge/judge-m.sqlite")
    try:
        return file.execute("select count(*) from calls").fetchone()[0]
    finally:
        file.close()
