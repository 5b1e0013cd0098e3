"""The example of the page on scorers of one's own, against a loopback server that answers /rerank."""

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
from negmine.errors import ScorerError
from negmine.storage.workdir import Workdir
from tests.config.test_entry_points import install
from tests.conftest import DOCUMENTS, QUERIES

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-scorer.md").read_text()
CODE = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1)
PACKAGE = tomllib.loads(re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL).group(1))


def words_shared(query, text):
    return len(set(query.lower().split()) & set(text.lower().split()))


class Server:
    """Scores a document by the words that it shares with the query; results come best first, as of servers."""

    def __init__(self):
        self.requests, self.status = [], 200

    def answer(self, headers, body):
        self.requests.append((headers, body))
        scored = [
            {"index": n, "relevance_score": words_shared(body["query"], text) / 10}
            for n, text in enumerate(body["documents"])
        ]
        return {"results": sorted(scored, key=lambda one: -one["relevance_score"])}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A running server, with the page's module installed as the page's package."""
    made = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps(made.answer(self.headers, body)).encode()
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    site = tmp_path / "site"
    points = PACKAGE["project"]["entry-points"]["negmine.scorers"]
    install(site, PACKAGE["project"]["name"], scorers=points)
    (site / "rerank_server.py").write_text(CODE)
    monkeypatch.syspath_prepend(site)
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    monkeypatch.setenv("RERANK_URL", f"http://127.0.0.1:{http.server_port}/v1/rerank")
    monkeypatch.setenv("RERANK_MODEL", "some-reranker")
    yield made
    http.shutdown()
    http.server_close()
    sys.modules.pop("rerank_server", None)


def mine(tmp_path, beir, name="bge", **flags):
    given = {"retriever": ["bm25"], "title": False, "rerank_model": name, **flags}
    return Workdir(negmine.mine(tmp_path / "work", data=beir, **given).work)


@pytest.mark.parametrize("name", ["bge", "rerank_server:Server:bge"])
def test_every_candidate_and_positive_has_the_score_of_the_server(tmp_path, beir, server, name):
    rows = mine(tmp_path, beir, name).scan("4-filter/verdicts").collect()
    assert rows.height > len(QUERIES)
    for query, doc, score in rows.select("query_id", "doc_id", "rerank_score").iter_rows():
        shared = words_shared(QUERIES[query], DOCUMENTS[doc][1])
        assert score == pytest.approx(shared / 10)
    assert (tmp_path / "work" / "3-rerank" / "rerank_server-Server-bge").is_dir()
    assert {body["model"] for _, body in server.requests} == {"some-reranker"}


def test_the_key_is_sent_and_is_stored_nowhere(tmp_path, beir, server, monkeypatch):
    monkeypatch.setenv("RERANK_API_KEY", "secret-of-mine")
    work = mine(tmp_path, beir)
    assert server.requests[0][0]["Authorization"] == "Bearer secret-of-mine"
    files = [path for path in work.root.rglob("*") if path.is_file()]
    assert not [path for path in files if b"secret-of-mine" in path.read_bytes()]


def test_an_error_names_the_scorer_and_no_pair_is_asked_about_twice(tmp_path, beir, server):
    server.status = 500
    with pytest.raises(
        ScorerError, match=r"--rerank-model rerank_server:Server:bge: HTTPError.*500"
    ):
        mine(tmp_path, beir)
    server.status, server.requests = 200, []
    mine(tmp_path, beir)
    pairs = [(body["query"], text) for _, body in server.requests for text in body["documents"]]
    assert len(pairs) == len(set(pairs))
    mine(tmp_path, beir, force=True)
    again = sum(len(body["documents"]) for _, body in server.requests)
    assert again == len(pairs)


def test_the_example_is_about_forty_lines():
    assert len(CODE.splitlines()) <= 45
    assert pl.Series(CODE.splitlines()).str.len_chars().max() <= 100
