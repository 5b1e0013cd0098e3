"""A web server on this machine that can break off, lie and refuse; and the few endpoints of the Hub."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Web:
    """Files by path, and what goes wrong. requests: (method, path) as they came."""

    def __init__(self):
        self.files = {}
        self.headers = {}  # path to further headers
        self.cut = 0  # so many bodies end in the middle
        self.status = {}  # path to a status that is answered instead
        self.says_etag = True
        self.is_short = False  # bodies lack their second half, and headers say so
        self.requests = []
        self.url = ""

    def put(self, path, data, **headers):
        self.files[path] = data
        self.headers[path] = headers

    def gets(self, path):
        return [one for one in self.requests if one == ("GET", path)]

    def etag(self, path):
        return f'"{hashlib.md5(self.files[path]).hexdigest()}"'


class Hub(Web):
    """Datasets by name: file to bytes. Files of 100 bytes and more are large ones, with a sha256."""

    def __init__(self):
        super().__init__()
        self.commits = {}  # dataset to its newest commit

    def publish(self, dataset, files):
        """Make a commit of a dataset; return its hash."""
        listed = json.dumps({name: data.hex() for name, data in sorted(files.items())})
        commit = hashlib.sha1(listed.encode()).hexdigest()
        siblings = []
        for name, data in files.items():
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            sha256 = hashlib.sha256(data).hexdigest()
            lfs = {"sha256": sha256, "size": len(data), "pointerSize": 130}
            is_large = len(data) >= 100
            siblings.append({"rfilename": name, "size": len(data), "blobId": blob})
            siblings[-1] |= {"lfs": lfs} if is_large else {}
            etag = f'"{sha256 if is_large else blob}"'
            headers = {"X-Repo-Commit": commit, "ETag": etag}
            self.put(f"/datasets/{dataset}/resolve/{commit}/{name}", data, **headers)
        info = json.dumps({"id": dataset, "sha": commit, "siblings": siblings}).encode()
        for path in ("", "/revision/main", f"/revision/{commit}"):
            self.put(f"/api/datasets/{dataset}{path}", info, **{"Content-Type": "application/json"})
        self.commits[dataset] = commit
        return commit


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._answer(False)

    def do_GET(self):
        self._answer(True)

    def _answer(self, has_body):
        web, path = self.server.web, urlsplit(self.path).path
        web.requests.append((self.command, path))
        status = web.status.get(path) or (200 if path in web.files else 404)
        data = web.files[path] if status == 200 else b""
        data = data[: len(data) // 2] if web.is_short and has_body else data
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        headers = dict(web.headers.get(path, {}))
        if status == 200 and web.says_etag:
            headers.setdefault("ETag", web.etag(path))
        if status == 404 and isinstance(web, Hub):
            is_api = path.startswith("/api/")
            headers["X-Error-Code"] = "RepoNotFound" if is_api else "EntryNotFound"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if has_body and web.cut and data:
            web.cut -= 1
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = True
        elif has_body:
            self.wfile.write(data)

    def log_message(self, *args):
        pass


@contextmanager
def serving(web):
    """Serve on a port of this machine while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.web = web
    web.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
