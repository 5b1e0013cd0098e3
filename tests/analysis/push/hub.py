"""A loopback hub: as much of the HTTP API of huggingface.co as sending a dataset needs."""

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

TOKEN = "hf_abcdefghijklmnopqrstuvwxyz0123"


class FakeHub:
    """The repositories, what was asked, and what shall go wrong.

    refusals: part of a path to status and message. cut: part of a path whose request gets no answer.
    """

    def __init__(self):
        self.repos, self.stored, self.requests = {}, {}, []
        self.refusals, self.cut = {}, None
        self.lfs = set()

    def repo(self, name, private=False, **files):
        """Add a repository with files of these texts; `_` in a name is `.`."""
        contents = {key.replace("_", "."): text.encode() for key, text in files.items()}
        self.repos[name] = {"private": private, "files": contents}
        return self.repos[name]

    def tags(self, name):
        card = self.repos[name]["files"].get("README.md", b"").decode()
        front = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
        return (yaml.safe_load(front[1]) if front else {}).get("tags", [])

    def sha(self, name):
        return hashlib.sha1(repr(sorted(self.repos[name]["files"].items())).encode()).hexdigest()

    def answer(self, method, path, body):
        """Return status and JSON of a request whose token is right."""
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if path.startswith("/stored/"):
            assert hashlib.sha256(body).hexdigest() == path.rsplit("/", 1)[1]
            self.stored[path.rsplit("/", 1)[1]] = body
            return 200, {}
        owner, name = re.search(r"/datasets/([^/]+)/([^/.]+)", path).groups()
        full = f"{owner}/{name}"
        if full not in self.repos:
            return 404, {"error": "Repository not found"}
        if path.endswith("/objects/batch"):
            return 200, {"objects": [self._upload(one) for one in json.loads(body)["objects"]]}
        if "/preupload/" in path:
            return 200, {"files": [self._mode(full, one) for one in json.loads(body)["files"]]}
        if "/commit/" in path:
            return self._commit(full, [json.loads(line) for line in body.splitlines()])
        files = [{"rfilename": one} for one in self.repos[full]["files"]]
        about = {"private": self.repos[full]["private"], "tags": self.tags(full)}
        return 200, {"id": full, "sha": self.sha(full), "siblings": files, **about}

    def _create(self, asked):
        full = f"{asked['organization']}/{asked['name']}"
        if full in self.repos:
            return 409, {"error": "You already created this dataset repo"}
        assert asked["type"] == "dataset"
        is_private = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.repo(full, is_private)
        return 200, {"url": f"{self.url}/datasets/{full}"}

    def _upload(self, asked):
        if asked["oid"] in self.stored:
            return asked
        return asked | {"actions": {"upload": {"href": f"{self.url}/stored/{asked['oid']}"}}}

    def _mode(self, full, asked):
        mode = "lfs" if asked["path"].endswith(".parquet") else "regular"
        return {"path": asked["path"], "uploadMode": mode, "shouldIgnore": False}

    def _commit(self, full, lines):
        files = self.repos[full]["files"]
        for line in lines:
            value = line["value"]
            if line["key"] == "header" and value.get("parentCommit", self.sha(full)) != self.sha(
                full
            ):
                return 412, {"error": "A commit has happened since"}
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            if line["key"] == "lfsFile":
                files[value["path"]] = self.stored[value["oid"]]
                self.lfs.add(value["path"])
            if line["key"] == "deletedFile":
                del files[value["path"]]
        sha = self.sha(full)
        return 200, {"commitOid": sha, "commitUrl": f"{self.url}/datasets/{full}/commit/{sha}"}


def _handler(hub):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hub.requests.append((self.command, self.path))
            if hub.cut and hub.cut in self.path:
                self.close_connection = True
                return
            for part, (status, message) in hub.refusals.items():
                if part in self.path:
                    return self._send(status, {"error": message})
            if (
                self.headers.get("Authorization") != f"Bearer {TOKEN}"
                and "/stored/" not in self.path
            ):
                return self._send(401, {"error": "Invalid credentials in Authorization header"})
            self._send(*hub.answer(self.command, self.path.partition("?")[0], body))

        do_GET = do_POST = do_PUT = _any

        def _send(self, status, value):
            body = json.dumps(value).encode()
            self.send_response(status)
            if value.get("error") == "Repository not found":
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    return Handler


@contextmanager
def fake_hub():
    """Serve a FakeHub while the block runs; its `url` is the endpoint."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
