"""Endpoints of embeddings, and of models that write, that misbehave: one message, and the command goes on.

Each case is what a server answers from its third request on. The command line ends in bounded time, with rows
or with a message that shows no key and steers no terminal; then the server answers rightly, and rows are those
of a run that nobody disturbed.
"""

import base64
import json
import shutil
import time
from functools import partial

import numpy as np
import polars as pl
import pytest

from tests.cli.conftest import invoke
from tests.conftest import QUERIES, write_beir
from tests.models.endpoint.server import answer as vectors
from tests.models.endpoint.server import rows as right_rows
from tests.scorers.judge.server import answer
from tests.torture.faults import FULL
from tests.torture.judge_servers import PASSING, READ, error, http, misbehaving, written

KEY = "sk-live-7Qz9vT2mXc4LpRw8NbHs5YgD"
PIECES = {KEY[place : place + 11] for place in range(len(KEY) - 10)}
SECONDS, HONEST = 60, 2
WORK, OUT = "w", "new"
COMMANDS = {
    "embeddings": [
        "mine", WORK, "--data", "data", "--retriever", "dense", "--model", "m", "--batch-size", 4,
        "--model-url",
    ],
    "generate": [
        "generate", WORK, "--generate-kind", "query-only", "--generate-count", 2, "--generate-model", "m",
        "--generate-url",
    ],
    "queries": [
        "generate-queries", WORK, "--documents", 6, "--found-within", 24, "--out", OUT, "--generate-model", "m",
        "--generate-url",
    ],
}  # fmt: skip
PATIENCE = ("timeout", "retries", "concurrency")


def command(kind, url):
    name = "embedding" if kind == "embeddings" else "generate"
    limits = [
        part
        for limit, value in zip(PATIENCE, (1, 1, 2), strict=True)
        for part in (f"--{name}-{limit}", value)
    ]
    return [*COMMANDS[kind], url, *limits]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Return a folder with a collection, and with a work directory that BM25 has mined."""
    folder = tmp_path_factory.mktemp("prepared")
    write_beir(folder / "data")
    done = invoke("mine", folder / WORK, "--data", folder / "data", "--retriever", "bm25")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def place(prepared, tmp_path, monkeypatch):
    """Go to a copy of `prepared`."""
    shutil.copytree(prepared, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    for name in ("NEGMINE_EMBEDDING_KEY", "NEGMINE_GENERATE_KEY"):
        monkeypatch.setenv(name, KEY)
    return tmp_path / "here"


@pytest.fixture(scope="module")
def server():
    """One server for all: what a model has written is named after its address, too."""
    with misbehaving() as server:
        yield server


@pytest.fixture(autouse=True)
def honest(server):
    server.says = None
    server.requests.clear()


def made(kind, place):
    """Return what a command makes."""
    if kind == "queries":
        lines = (place / OUT / "queries.jsonl").read_text().splitlines()
        named = [json.loads(line) for line in lines]
        return [(row["_id"], row["text"]) for row in named], (place / OUT / "qrels.tsv").read_text()
    stages = "2-retrieve" if kind == "embeddings" else "2-generate"
    tables = [
        pl.read_parquet(path) for path in sorted((place / WORK).glob(f"{stages}/*/part-*.parquet"))
    ]
    return [table.rows() for table in tables]


@pytest.fixture(scope="module")
def undisturbed(prepared, server, tmp_path_factory):
    """Return what each command makes of right answers."""
    rows = {}
    for kind in COMMANDS:
        folder = tmp_path_factory.mktemp("calm") / "here"
        shutil.copytree(prepared, folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            assert invoke(*command(kind, server.url)).exit_code == 0
        rows[kind] = made(kind, folder)
    return rows


@pytest.fixture
def attacked(place, server, undisturbed):
    """Run a command with a server that misbehaves, then with an honest one; return what it did first."""

    def run(kind, says, again=(), equal=True):
        server.says = lambda request, number: says(request) if number > HONEST else None
        start = time.monotonic()
        first = invoke(*command(kind, server.url))
        assert time.monotonic() - start < SECONDS
        assert first.exit_code in (0, 1), first.output
        assert first.exception is None or isinstance(first.exception, SystemExit)
        assert len(first.output) < 3_000 and not {"\x1b", "\x9b", "\u202e"} & set(first.output)
        server.says = None
        second = invoke(*command(kind, server.url), *again)
        assert second.exit_code == 0, second.output
        leaks_nothing(first.output + second.output, place)
        assert not equal or made(kind, place) == undisturbed[kind]
        return first

    return run


def leaks_nothing(told, place):
    """Look for the key in what was told, and in every file."""
    texts = [told.encode(), *(file.read_bytes() for file in place.rglob("*") if file.is_file())]
    for text in texts:
        compact = b"".join(text.split())
        assert not [piece for piece in PIECES if piece.encode() in compact]


def names(table, every):
    """Return all names of a table, in the short form some."""
    return list(table) if FULL else list(table)[::every]


WIRE = [("embeddings", name) for name in names(PASSING, 12)]
WIRE += [("generate", name) for name in names(dict(list(PASSING.items())[2:]), 16)]
WIRE += [("queries", name) for name in names(dict(list(PASSING.items())[5:]), 24)]


@pytest.mark.parametrize(("kind", "name"), WIRE)
def test_trouble_on_the_wire(kind, name, attacked):
    again = () if kind == "embeddings" else ("--force",)  # ask again for what could not be read
    attacked(kind, PASSING[name], again)


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("name", names(READ, 12))
def test_a_right_answer_in_odd_clothes(kind, name, attacked):
    unread = kind == "embeddings" and name == "with bytes that are no UTF-8"
    assert attacked(kind, READ[name]).exit_code == unread


def each(**fields):
    """Return an answer in which every row has these fields; a function is called with the right vector."""

    def says(request):
        rows = right_rows(request)
        for row in rows:
            for name, value in fields.items():
                row[name] = value(row[name]) if callable(value) else value
        return json.dumps(vectors(rows))

    return says


def coded(numbers):
    return base64.b64encode(np.asarray(numbers, "<f4").tobytes()).decode()


def changed(change):
    def says(request):
        rows = right_rows(request)
        change(rows)
        return json.dumps(vectors(rows))

    return says


WRONG = {
    "NaN": each(embedding=[float("nan")] * 32),
    "infinite": each(embedding=lambda row: [*row[:-1], float("-inf")]),
    "beyond float32": each(embedding=[1e39] * 32),
    "beyond float64": each(embedding=[10**400] * 32),
    "base64 of NaN": each(embedding=coded([np.nan] * 32)),
    "base64, cut": each(embedding="AAAA"),
    "base64 of nothing": each(embedding=""),
    "zeros": each(embedding=[-0.0] * 32),
    "smaller than float32": each(embedding=[1e-320] * 32),
    "lists in lists": each(embedding=lambda row: [row]),
    "null": each(embedding=None),
    "one too many": changed(lambda rows: rows.append(rows[0] | {"index": len(rows)})),
    "one too few": changed(lambda rows: rows.pop()),
    "none": changed(lambda rows: rows.clear()),
    "an index twice": each(index=0),
    "an index below zero": each(index=lambda place: place - 1),
    "an index of 30 digits": each(index=10**30),
    "an index in words": each(index=str),
    "a fraction as index": each(index=float),
    "no index": each(index=None),
    "ragged": changed(lambda rows: rows[0].update(embedding=[1.0])),
    "an error": lambda request: error(f"upstream: {KEY} \x1b[2J"),
    "deep": lambda request: '{"data": ' + "[" * 100_000,
    "a long number": lambda request: '{"data": [{"index": 0, "embedding": [' + "9" * 10_000 + "]}]}",
    "half a character": lambda request: '{"data": "\\ud800"}',
}  # fmt: skip
STATUS = {
    f"{status} with the key": partial(http, error(f"no: {KEY} \x1b[2J\u202e"), f"{status} X")
    for status in (400, 401, 403, 404, 413, 422, 429, 500)
}


@pytest.mark.parametrize("name", names(WRONG, 5))
def test_what_are_no_vectors(name, attacked):
    first = attacked("embeddings", lambda request: http(WRONG[name](request)))
    assert first.exit_code == 1
    assert "sent no embeddings" in " ".join(first.output.split())


@pytest.mark.parametrize("name", names(STATUS, 4))
def test_a_refusal_that_echoes_the_key(name, attacked):
    first = attacked("embeddings", lambda request: STATUS[name]())
    assert first.exit_code == 1
    assert "[secret]" in first.output


@pytest.mark.parametrize("what", ["reversed", "usage"])
def test_what_is_right_all_the_same(what, attacked):
    def says(request):
        rows = right_rows(request)
        body = vectors(rows[::-1] if what == "reversed" else rows)
        body["usage"] = {"total_tokens": -(10**30), "prompt_tokens": float("inf")}
        return http(json.dumps(body | {"model": KEY, "id": KEY}))

    assert attacked("embeddings", says).exit_code == 0


def of_width(width_of):
    def says(request):
        return http(json.dumps(vectors(right_rows(request, width_of(request["input"])))))

    return says


@pytest.mark.parametrize(
    ("width_of", "words"),
    [
        (lambda texts: 33, "sent vectors of 33 dimensions after others of 32"),
        (lambda texts: 16 if set(texts) & set(QUERIES.values()) else 32, "of 16"),
    ],
)
def test_another_width_than_before(width_of, words, place, server):
    server.says = lambda request, number: of_width(width_of)(request) if number > 1 else None
    first = invoke(*command("embeddings", server.url))
    assert (first.exit_code, words in " ".join(first.output.split())) == (1, True), first.output


@pytest.mark.parametrize("length", [1e-25, 1e20, 1e38])
def test_inner_products_of_absurd_lengths(length, place, server):
    """Once scores were infinite or 0, and the best documents were any."""
    longer = each(embedding=lambda row: [number * length for number in row])
    server.says = lambda request, number: http(longer(request))
    done = invoke(*command("embeddings", server.url), "--similarity", "dot")
    assert done.exit_code == 1
    assert "--similarity dot takes 1e-15 to 1e+15" in " ".join(done.output.split())


CHAT = {
    "no content": {"message": {"role": "assistant", "content": None}},
    "a number": {"message": {"content": 5}},
    "a list": {"message": {"content": [{"type": "text", "text": "x"}]}},
    "a call of a tool": {"message": {"content": None, "tool_calls": [{"id": "a"}]}},
    "no message": {},
}  # fmt: skip
ECHOES = {
    "the key": json.dumps({"text": f"it is {KEY}", "query": f"cats {KEY}"}),
    "a text": json.dumps({"text": f"it is {KEY}"}),
    "a query": json.dumps({"query": f"cats {KEY}"}),
    "half of the key": json.dumps({"text": f"cats {KEY[:14]} and"}),
    "base64": json.dumps({"text": base64.b64encode(f"x{KEY}".encode()).decode()}),
}  # fmt: skip
TEXTS = {
    "half a character": '{"text": "a\\ud800b"}',
    "NUL": '{"text": "a\\u0000b"}',
    "200,000 characters": json.dumps({"text": "word " * 40_000}),
    "deep": "[" * 100_000,
}  # fmt: skip
BODIES = {
    "no choices": {"choices": []},
    "choices in words": {"choices": "abc"},
    "numbers as choices": {"choices": [5]},
    "absurd usage": {"usage": {"total_tokens": -(10**30), "completion_tokens": float("nan")}},
    **{name: {"choices": [choice]} for name, choice in CHAT.items()},
}


def chats(name):
    """Return the body of an answer of the model that writes."""
    if name in TEXTS:
        return answer(TEXTS[name])
    return answer("x") | BODIES[name]


@pytest.mark.parametrize("kind", ["generate", "queries"])
@pytest.mark.parametrize("name", names({**TEXTS, **BODIES}, 6))
def test_what_is_no_text(name, kind, attacked):
    says = lambda request: http(json.dumps(chats(name)))  # noqa: E731
    attacked(kind, says, again=("--force",))


@pytest.mark.parametrize("kind", ["generate", "queries"])
def test_an_answer_that_was_cut_off_is_no_text(kind, attacked):
    says = lambda request: http(json.dumps(answer(written(request), "length")))  # noqa: E731
    attacked(kind, says, again=("--force",))


@pytest.mark.parametrize("kind", ["generate", "queries"])
@pytest.mark.parametrize("name", names(ECHOES, 2))
def test_a_key_is_cut_out_of_what_a_model_writes(name, kind, attacked):
    says = lambda request: http(json.dumps(answer(ECHOES[name])))  # noqa: E731
    attacked(kind, says, equal=False)
