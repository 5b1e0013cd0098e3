"""Scripts for a loopback server that speaks /embeddings; see tests/scorers/judge/server.py for the server."""

import numpy as np

from tests.conftest import vector
from tests.scorers.judge.server import serving

__all__ = ["answer", "good", "rows", "serving"]


def rows(request, dims=32):
    """Return the right rows of an answer: a vector of each text's words."""
    return [
        {"object": "embedding", "index": place, "embedding": vector(text, dims).tolist()}
        for place, text in enumerate(request["input"])
    ]


def answer(data, tokens=None):
    """Return the body of an answer."""
    used = {} if tokens is None else {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    return {"object": "list", "data": data, "model": "m", **used}


def good(request, number):
    """Answer rightly."""
    return 200, answer(rows(request), sum(len(text.split()) for text in request["input"]))


def texts_of(server):
    """Return every text that was sent, in no particular order."""
    return sorted(text for request in server.requests for text in request["input"])


def spoiled(change):
    """Return a script that changes the rows of a right answer."""

    def script(request, number):
        data = rows(request)
        change(data)
        return 200, answer(data)

    return script


def set_number(value):
    """Return a change of the first number of the second vector."""

    def change(data):
        data[min(1, len(data) - 1)]["embedding"][0] = value

    return change


def zero(data):
    """Make the first vector zero."""
    data[0]["embedding"] = np.zeros(32).tolist()
