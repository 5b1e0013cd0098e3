"""What an /embeddings endpoint sends: what counts as vectors, and in which order; what is tried again."""

import asyncio
import base64
import json
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.errors import RetrieverError
from negmine.models.endpoint.embeddings import Embeddings, Refused, read
from negmine.models.endpoint.insist import LONGEST_TOLD, is_passing, pause
from tests.models.endpoint.server import answer, good, rows, serving

TEXTS = {"input": ["green tea", "cats sleep", "a python"]}


def body(data, **more):
    return json.dumps(answer(data) | more).encode()


@given(st.permutations(range(3)))
def test_vectors_come_in_the_order_of_their_index(order):
    right = rows(TEXTS)
    found = read(body([right[place] for place in order]), 3)
    assert np.array_equal(found.vectors, np.float32([row["embedding"] for row in right]))
    assert found.vectors.dtype == np.float32


def test_base64_is_float32():
    right = rows(TEXTS)
    coded = [
        row | {"embedding": base64.b64encode(np.float32(row["embedding"]).tobytes()).decode()}
        for row in right
    ]
    assert np.array_equal(read(body(coded), 3).vectors, read(body(right), 3).vectors)


def test_tokens_are_those_that_the_endpoint_counted():
    assert read(body(rows(TEXTS), usage={"prompt_tokens": 7, "total_tokens": 9}), 3).tokens == 9
    for usage in (None, {}, {"total_tokens": -1}, {"total_tokens": "9"}, {"total_tokens": True}, 7):
        assert read(body(rows(TEXTS), usage=usage), 3).tokens == 0


def changed(place, **fields):
    data = rows(TEXTS)
    data[place] |= fields
    return data


NAN = json.dumps(answer(rows(TEXTS))).replace("[", "[NaN, ").encode()
FAULTS = {
    "one too few": (body(rows(TEXTS)[:2]), "2 vectors for 3 texts"),
    "one too many": (body([*rows(TEXTS), *rows(TEXTS)[:1]]), "4 vectors for 3 texts"),
    "none": (body([]), "0 vectors for 3 texts"),
    "an index twice": (body(changed(1, index=0)), "`index` .* not each of 0 to 2 once"),
    "an index outside": (body(changed(1, index=7)), "not each of 0 to 2"),
    "no index": (body(changed(1, index=None)), "not each of 0 to 2"),
    "a boolean index": (body(changed(1, index=True)), "not each of 0 to 2"),
    "another width": (body(changed(1, embedding=[1.0, 2.0])), "different numbers of dimensions"),
    "no number": (body(changed(1, embedding=["a"] * 32)), "is no list of numbers"),
    "null": (body(changed(1, embedding=[None] * 32)), "is no list of numbers"),
    "truths": (body(changed(1, embedding=[True] * 32)), "is no list of numbers"),
    "nothing": (body(changed(1, embedding=[])), "is no list of numbers"),
    "no base64": (body(changed(1, embedding="§")), "is no list of numbers"),
    "a third of a number": (body(changed(1, embedding="AAA=")), "is no list of numbers"),
    "lists in lists": (body(changed(1, embedding=[[1.0] * 32])), "is no list of numbers"),
    "zero": (body(changed(1, embedding=[0.0] * 32)), "zero or not finite"),
    "not a number": (NAN.replace(b'data": [NaN, ', b'data": ['), "zero or not finite"),
    "too large": (body(changed(1, embedding=[1e300] * 32)), "zero or not finite"),
    "a page": (b"<html>Please log in</html>", "no JSON"),
    "half an answer": (body(rows(TEXTS))[:200], "no JSON"),
    "an error": (b'{"error": {"message": "upstream failed"}}', "no list `data`"),
    "a list": (b"[1, 2]", "no list `data`"),
    "rows that are none": (b'{"data": [1, 2, 3]}', "no list `data`"),
    "deep": (b"[" * 100_000, "no JSON"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_answer_is_refused_in_words(name):
    sent, words = FAULTS[name]
    with pytest.raises(ValueError, match=words):
        read(sent, 3)


@given(st.binary(max_size=60))
def test_random_bytes_are_refused(sent):
    with pytest.raises(ValueError):
        read(sent, 1)


def asked(script, texts=("green tea",), retries=2, timeout=5.0, dimensions=None, notes=None):
    """Return the answer of a server with this script, and the server. notes: gets what is told meanwhile."""
    with serving(script) as server:

        async def ask():
            note = [].append if notes is None else notes.append
            endpoint = Embeddings(server.url, "m", dimensions, timeout, retries, note)
            try:
                return await endpoint.ask(texts)
            finally:
                await endpoint.close()

        try:
            return asyncio.run(ask()), server
        except (RetrieverError, Refused) as error:
            error.server = server
            raise


def flaky(*first):
    """Return a script that answers rightly after some other answers."""
    return lambda request, number: first[number] if number < len(first) else good(request, number)


@pytest.mark.parametrize(
    "trouble", [(429, {"error": "slow"}), (503, "<h1>busy</h1>"), (500, "x"), None]
)
def test_what_may_pass_is_tried_again(trouble):
    found, server = asked(flaky(trouble, trouble))
    assert found.vectors.shape == (1, 32)
    assert len(server.requests) == 3
    with pytest.raises(
        RetrieverError, match=r"does not answer .*run the same command again"
    ) as told:
        asked(flaky(*[trouble] * 9))
    assert len(told.value.server.requests) == 3


def test_silence_is_told_once_before_the_last_try():
    notes = []
    asked(flaky(*[(503, "busy")] * 1), notes=notes)
    assert notes == []  # one failure is nothing to tell
    asked(flaky(*[(503, "busy")] * 3), retries=3, notes=notes)
    (note,) = notes
    assert note.startswith("The endpoint at http://") and "does not answer (" in note
    assert "tried again, up to 3 times" in note


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_will_not_pass_is_not_tried_again(status):
    with pytest.raises(RetrieverError, match=r"refuses: .*Check NEGMINE_EMBEDDING_KEY") as told:
        asked(flaky((status, {"error": {"message": "who are you?"}})))
    assert len(told.value.server.requests) == 1


def test_a_request_says_what_is_wanted_and_has_the_key_of_the_environment(monkeypatch):
    monkeypatch.setenv("NEGMINE_EMBEDDING_KEY", "sk-mine")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-leak")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-leak")
    _, server = asked(good, dimensions=64)
    wanted = {"input": ["green tea"], "model": "m", "encoding_format": "float", "dimensions": 64}
    assert server.requests == [wanted]
    assert server.headers[0]["authorization"] == "Bearer sk-mine"
    assert "leak" not in json.dumps(server.headers)
    monkeypatch.delenv("NEGMINE_EMBEDDING_KEY")
    _, server = asked(good)
    assert "authorization" not in server.headers[0]


def test_a_slow_answer_is_not_waited_for():
    import time

    def slow(request, number):
        time.sleep(1.0 if number == 0 else 0)
        return good(request, number)

    assert asked(slow, timeout=0.5)[0].vectors.shape == (1, 32)
    with pytest.raises(RetrieverError, match=r"no whole answer within --embedding-timeout 0\.3 s"):
        asked(lambda request, number: time.sleep(1.0), timeout=0.3, retries=0)


def test_a_redirect_elsewhere_gets_no_text():
    with serving(good) as elsewhere:
        with pytest.raises(
            RetrieverError, match=r"redirects to .*neither the key nor texts go there"
        ):
            asked(lambda request, number: (307, f"{elsewhere.url}/embeddings"))
        assert not elsewhere.requests


def test_the_pause_is_what_the_server_asks_for_else_it_grows():
    def told(**headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return types.SimpleNamespace(response=types.SimpleNamespace(headers=named))

    assert pause(0, told(retry_after="2")) == 2.0
    assert pause(0, told(retry_after_ms="250", retry_after="2")) == 0.25
    for odd in (
        "31536000",
        "nan",
        "inf",
        "-1",
        "Fri, 31 Dec 2100 23:59:59 GMT",
        str(LONGEST_TOLD + 1),
    ):
        assert 0.3 < pause(0, told(retry_after=odd)) < 0.7
    assert 3.0 <= pause(3, told()) <= 5.0
    assert pause(30, told()) <= 10.0


def test_which_trouble_may_pass():
    passing = [n for n in range(400, 600) if is_passing(types.SimpleNamespace(status_code=n))]
    assert passing == [408, 409, 429, *range(500, 600)]
    assert is_passing(TimeoutError())
