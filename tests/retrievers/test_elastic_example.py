"""The Elasticsearch example of the how-to page, against a loopback server that answers like one."""

import json
import re
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.errors import RetrieverError
from negmine.storage.workdir import Workdir
from tests.config.test_entry_points import install
from tests.conftest import DOCUMENTS

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-retriever.md").read_text()
CODE = next(
    code for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "_msearch" in code
)
PACKAGE = tomllib.loads(re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL).group(1))


def words_shared(query, doc):
    return len(set(query.lower().split()) & set(" ".join(DOCUMENTS[doc]).lower().split()))


class Server:
    """Elasticsearch's _msearch over the tiny collection: a document's score is the words that it shares."""

    def __init__(self):
        self.requests, self.fault = [], None

    def answer(self, path, headers, lines):
        self.requests.append((path, headers, lines))
        assert path == "/docs/_msearch"
        assert headers["Content-Type"] == "application/x-ndjson"
        assert lines[::2] == [{}] * (len(lines) // 2)
        return {"responses": [self.respond(one) for one in lines[1::2]]}

    def respond(self, request):
        if self.fault:
            return {"error": {"type": "x", "reason": self.fault}, "status": 400}
        ((field, text),) = request["query"]["match"].items()
        assert field == "text"
        scored = [(words_shared(text, doc), doc) for doc in DOCUMENTS]
        best = sorted((one for one in scored if one[0]), reverse=True)[: request["size"]]
        return {"hits": {"hits": [{"_id": doc, "_score": float(score)} for score, doc in best]}}


@pytest.fixture
def elastic(tmp_path, monkeypatch):
    """A running server and the page's module, installed as the page's package."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            lines = [json.loads(line) for line in body.splitlines()]
            answer = json.dumps(server.answer(self.path, self.headers, lines)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "elastic.py").write_text(CODE)
    points = PACKAGE["project"]["entry-points"]["negmine.retrievers"]
    install(tmp_path / "site", PACKAGE["project"]["name"], retrievers=points)
    monkeypatch.syspath_prepend(tmp_path / "site")
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    yield server
    http.shutdown()
    http.server_close()
    sys.modules.pop("elastic", None)


def mine(tmp_path, beir, server, retriever="elastic"):
    flags = {
        "retriever": ["bm25", retriever],
        "retriever_option": [f"elastic.url={server.url}"],
        "k": 4,
    }
    return Workdir(negmine.mine(tmp_path / "work", data=beir, **flags).work)


@pytest.mark.parametrize("name", ["elastic", "elastic:elastic"])
def test_the_example_finds_what_the_server_finds(tmp_path, beir, elastic, name):
    rows = mine(tmp_path, beir, elastic, name).scan("2-retrieve/elastic").collect()
    assert rows.filter(pl.col("query_id") == "q3")["doc_id"].to_list()[0] == "cat-1"
    texts = {
        line["query"]["match"]["text"] for _, _, lines in elastic.requests for line in lines[1::2]
    }
    assert "how long do cats sleep" in texts
    for query, doc, score in rows.select("query_id", "doc_id", "score").iter_rows():
        assert score == words_shared(beir_queries(beir)[query], doc)
    assert "tea-2" not in set(rows["doc_id"])  # a copy of tea-1


def beir_queries(beir):
    rows = map(json.loads, (beir / "queries.jsonl").read_text().splitlines())
    return {row["_id"]: row["text"] for row in rows}


def test_the_key_is_sent_and_is_stored_nowhere(tmp_path, beir, elastic, monkeypatch):
    monkeypatch.setenv("ELASTIC_API_KEY", "secret-of-mine")
    work = mine(tmp_path, beir, elastic)
    assert elastic.requests[0][1]["Authorization"] == "ApiKey secret-of-mine"
    files = [path for path in work.root.rglob("*") if path.is_file()]
    assert not [path for path in files if b"secret-of-mine" in path.read_bytes()]


def test_what_the_server_refuses_is_an_error_that_names_the_retriever(tmp_path, beir, elastic):
    elastic.fault = "no such field"
    with pytest.raises(RetrieverError, match=r"--retriever elastic:elastic.*no such field"):
        mine(tmp_path, beir, elastic)
