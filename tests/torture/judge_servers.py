"""Servers of models that misbehave: what each writes on the wire in answer to a right question.

A right answer is a judge's, a text or a query that was asked for, or vectors, as the request wants.
"""

import gzip
import hashlib
import json
import socket
import struct
import time
from contextlib import contextmanager

from tests.models.endpoint.server import good
from tests.scorers.judge.server import answer, documents, honest
from tests.torture.loopback import listening

RIGHT = honest(lambda text: "tea" in text.lower())


def http(body, status="200 OK", length=None, **headers):
    """Return a whole response."""
    data = body if isinstance(body, bytes) else body.encode()
    named = {
        "Content-Type": "application/json",
        "Content-Length": len(data) if length is None else length,
        "Connection": "close",  # each connection has one answer: none is used again
    }
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items()), "", ""]
    return "\r\n".join(lines).encode() + data


def right(request):
    """Return the body of a right answer."""
    if "input" in request:
        body = good(request, 0)[1]
    elif documents(request):
        body = RIGHT(request, 0)[1]
    else:
        body = answer(written(request))
    return json.dumps(body, ensure_ascii=False)


def written(request):
    """Return what a model writes: a document, or a query, another one for each prompt."""
    prompt = request["messages"][-1]["content"]
    name = hashlib.sha256(prompt.encode()).hexdigest()[:8]
    if "\nQuery: " in prompt or prompt.startswith("Query: "):
        return json.dumps({"text": f"A page about something else, number {name}"})
    return json.dumps({"query": f"cats dogs tea python {name}"})


def endless(piece, pause=0.0, seconds=30.0, before=b""):
    """Yield a piece again and again, as long as somebody reads."""
    yield before
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield piece
        time.sleep(pause)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SILENT_SERVER = "nothing at all"  # keeps the connection open
RESET = "a reset connection"


def error(message):
    return json.dumps({"error": {"message": message, "code": 502}})


def moved(to):
    return lambda request: http("", "307 Temporary Redirect", Location=to)


# name -> function of the request. Each is a whole response, pieces of one, or one of the words above.
PASSING = {
    "megabytes": lambda r: http(" " * 5_000_000 + right(r)),
    "megabytes of answer": lambda r: http(json.dumps(answer("d1-0: no\n" * 500_000))),
    "without end": lambda r: endless(b" " * 65536, before=HEAD + b"\r\n{"),
    "without end, chunked": lambda r: endless(b"10000\r\n" + b" " * 65536 + b"\r\n", before=CHUNKED),
    "headers without end": lambda r: endless(b"X-Name: value\r\n" * 1000, before=HEAD),
    "drip": lambda r: endless(b" ", 0.05, before=http("", length=100_000)),
    "drip of headers": lambda r: endless(b"X: y\r\n", 0.05, before=HEAD),
    "1xx without end": lambda r: endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
    "silence": lambda r: SILENT_SERVER,
    "reset": lambda r: RESET,
    "closed at once": lambda r: b"",
    "no HTTP": lambda r: b"SSH-2.0-OpenSSH_9.6\r\n",
    "NUL bytes": lambda r: b"\0" * 5000,
    "cut body": lambda r: http(right(r)[:40], length=4000),
    "half JSON": lambda r: http(right(r)[:40]),
    "cut chunk": lambda r: CHUNKED + b"ffff\r\n{",
    "wrong chunk": lambda r: CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "length is no number": lambda r: http(right(r), length="many"),
    "two lengths": lambda r: http(right(r), Content_length=7),
    "HTML": lambda r: http("<html>Please log in</html>", Content_Type="text/html"),
    "200 and an error": lambda r: http(error("upstream failed")),
    "200 and an error in a list": lambda r: http(f"[{error('upstream failed')}]"),
    "packed": lambda r: http(gzip.compress(right(r).encode()), Content_Encoding="gzip"),
    "a bomb": lambda r: http(gzip.compress(b" " * 10_000_000), Content_Encoding="gzip"),
    "packed, but is not": lambda r: http("x" * 100, Content_Encoding="deflate, br"),
    "204": lambda r: http("", "204 No Content"),
    "event stream": lambda r: http(f"data: {right(r)}\n\ndata: [DONE]\n\n", Content_Type="text/event-stream"),
    "408": lambda r: http("", "408 Request Timeout"),
    "409": lambda r: http(error("locked"), "409 Conflict"),
    "500": lambda r: http("trace", "500 Oops"),
    "503 with HTML": lambda r: http("<h1>busy</h1>", "503 Busy", Content_Type="text/html"),
    "599 with control characters": lambda r: http("\x1b[2J\x07\x9b\u202e", "599 X"),
    "500 in an unknown code": lambda r: http("x", "500 X", Content_Type="text/plain; charset=rot13"),
    "429 for a year": lambda r: http(error("slow"), "429 Slow", Retry_After="31536000"),
    "429 until a date": lambda r: http(error("slow"), "429 Slow", Retry_After="Fri, 31 Dec 2100 23:59:59 GMT"),
    "429 for NaN": lambda r: http(error("slow"), "429 Slow", Retry_After="nan", Retry_After_Ms="-1"),
    "429 for ever": lambda r: http(error("slow"), "429 Slow", Retry_After="inf"),
    "401": lambda r: http(error("who are you?"), "401 Unauthorized"),
    "404 with HTML": lambda r: http("<h1>no</h1>", "404 X", Content_Type="text/html"),
    "999": lambda r: http("", "999 X"),
    "300": lambda r: http("", "300 Multiple Choices"),
    "304": lambda r: http("", "304 Not Modified"),
    "redirect in a circle": moved("/v1/chat/completions"),
    "redirect elsewhere": moved("http://example.invalid/v1"),
    "redirect to nowhere": moved(""),
    "redirect to no address": moved("http://[bad"),
    "redirect to a bad port": moved("http://127.0.0.1:99999/"),
    "redirect to a file": moved("file:///etc/passwd"),
    "redirect to control characters": moved("http://127.0.0.1/\x7f\x9b"),
    "redirect to nobody": lambda r: http("", "302 Found"),
}  # fmt: skip
# What is read as it is: the answer is right, only its clothes are not.
READ = {
    "as HTML": lambda r: http(right(r), Content_Type="text/html; charset=latin-1"),
    "of an unknown type": lambda r: http(right(r), Content_Type="\xa7/;;="),
    "in a code that is none": lambda r: http(right(r), Content_Type="application/json; charset=rot13"),
    "in another code that is none": lambda r: http(right(r), Content_Type="a/b; charset=undefined"),
    "in UTF-16": lambda r: http(right(r).encode("utf-16"), Content_Type="application/json; charset=utf-16"),
    "before megabytes of blanks": lambda r: http(right(r) + " " * 5_000_000),
    "with a byte order mark": lambda r: http(b"\xef\xbb\xbf" + right(r).encode()),
    "with bytes that are no UTF-8": lambda r: http(right(r).encode()[:-1] + b', "x": "\xff\xfe"}'),
    "in chunks of a byte": lambda r: b"".join(
        [CHUNKED, *(b"1\r\n%c\r\n" % b for b in right(r).encode()), b"0\r\n\r\n"]
    ),
    "until the end of the connection": lambda r: HEAD + b"\r\n" + right(r).encode(),
    "slowly": lambda r: (http(right(r))[n : n + 40] for n in range(0, len(http(right(r))), 40)),
    "behind 1xx": lambda r: b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + http(right(r)),
    "201": lambda r: http(right(r), "201 Created"),
}  # fmt: skip


class Server:
    """A loopback server. `says`: function of a request and its number; None for a right answer."""

    def __init__(self):
        self.url, self.requests, self.says = "", [], None


@contextmanager
def misbehaving():
    """Serve while the block runs; one connection, one answer."""
    server = Server()
    with listening(lambda connection: _answer(server, connection)) as port:
        server.url = f"http://127.0.0.1:{port}/v1"
        yield server


def _answer(server, connection):
    stream = connection.makefile("rb")
    stream.readline()
    headers = dict(
        line.decode().rstrip().lower().split(": ", 1) for line in iter(stream.readline, b"\r\n")
    )
    request = json.loads(stream.read(int(headers["content-length"])))
    server.requests.append(request)
    said = server.says(request, len(server.requests)) if server.says else None
    said = http(right(request), Connection="close") if said is None else said
    if said == SILENT_SERVER:
        connection.recv(1)
    elif said == RESET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        for piece in [said] if isinstance(said, bytes) else said:
            connection.sendall(piece)
