"""A loopback server that speaks the chat protocol and does what it is told."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def documents(request):
    """Return the documents of a prompt: id to text."""
    text = request["messages"][-1]["content"]
    lines = re.findall(r'\{"id": "d\d+-\w+", "text": .*\}', text)
    return {row["id"]: row["text"] for row in map(json.loads, lines)}


def answer(text, finish="stop", tokens=(), usage=(10, 5)):
    """Return the body of a chat completion."""
    top = [{"token": token, "logprob": value, "bytes": None} for token, value in tokens]
    logprobs = {"content": [{"token": text, "logprob": 0.0, "top_logprobs": top}]} if top else None
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": logprobs}
    used = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return {
        "id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": used,
    }  # fmt: skip


def honest(is_relevant):
    """Return a script that answers rightly, by text."""

    def script(request, number):
        found = documents(request)
        if request.get("logprobs"):
            yes = is_relevant(next(iter(found.values())))
            tokens = [("Yes", -0.1 if yes else -3.0), (" No", -3.0 if yes else -0.1)]
            return 200, answer("Yes" if yes else "No", "length", tokens, (10, 1))
        said = (
            f"{name}: {'yes' if is_relevant(text) else 'no'}, confident"
            for name, text in found.items()
        )
        return 200, answer("\n".join(said))

    return script


class Judge:
    """What the server was asked."""

    def __init__(self, url):
        self.url = url
        self.requests = []
        self.headers = []

    @property
    def prompts(self):
        """Every prompt, in no particular order."""
        return sorted(request["messages"][-1]["content"] for request in self.requests)


@contextmanager
def serving(script):
    """Serve while the block runs. script(request, number) gives (status, body), or None to hang up.

    A body is a text, an object to be sent as JSON, or bytes that come one after the other; with a status of
    300 to 399, the address to go to.
    """
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(judge.requests)
                judge.requests.append(request)
                judge.headers.append({k.lower(): v for k, v in self.headers.items()})
            said = script(request, number)
            if said is None:
                self.close_connection = True
                return
            status, body = said
            length = 10**9
            if not isinstance(body, Iterator):
                data = (body if isinstance(body, str) else json.dumps(body)).encode()
                body, length = iter([data]), len(data)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", said[1])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(length))
            self.send_header("Retry-After-Ms", "1")
            self.end_headers()
            with suppress(ConnectionError):  # nobody has to wait for the end
                for data in body:
                    self.wfile.write(data)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    judge = Judge(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield judge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
