"""Hostile text in every field, into every output: nothing steers a terminal, a page, a card or JSON."""

import html.parser
import io
import json
import os
import sys
import warnings
from typing import NamedTuple
from unittest import mock

import polars as pl
import pytest
import yaml

from negmine.cli.start import main
from negmine.data.steering import STEERING
from tests.bench.collections import wordllama
from tests.scorers.judge.server import answer, documents, serving
from tests.torture.faults import FULL

HOSTILE = [
    "\x1b[31mred", "\x1b]0;title\x07", "\x07", "\x9b31m", "\x85next", "\u2028line", "\u2029para", "\u202eevil",
    "\u2066iso", "\u200bwide", "\ufeffbom", "\U000e0041tag", "\x00nul", "\rover", "\ttab",
    "\nnl\n# Heading\n---\nlicense: mit",
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>",
    "{{ 7*7 }}{% raw %}", "[red]rich[/red]",
    "[l](http://x.invalid)", "`code` | cell | *b* _i_", "'\"><b>", "&lt;b&gt;&#27;",
    "$(id)", "=1+1", "%s%n{0}", "\x7f\x08\x08",
]  # fmt: skip
LONG = "z" * 1_000_000
MOST = 200_000  # bytes of an output for people


def tables(folder):
    """Write a collection each of whose ids, titles and texts holds something hostile; return its flags."""
    folder.mkdir()
    bad = [*HOSTILE, LONG]
    docs = [f"d{n} {text}" for n, text in enumerate(bad)] + [
        f"p{n} {text}" for n, text in enumerate(bad)
    ]
    queries = [f"q{n} {text}" for n, text in enumerate(bad)]
    words = [f"common tea word{n % 7} {text[:5000]}" for n, text in enumerate(bad * 2)]
    columns = {
        "title": [f"title {text[:5000]}" for text in bad * 2],
        "text": words,
        "own\x1b[1m": docs,
    }
    pl.DataFrame({"doc_id": docs} | columns).write_parquet(folder / "corpus.parquet")
    texts = [f"tea word{n % 7} {text[:5000]}" for n, text in enumerate(bad)]
    pl.DataFrame({"query_id": queries, "text": texts}).write_parquet(folder / "queries.parquet")
    positives = {"query_id": queries, "doc_id": docs[len(bad) :], "relevance": [1] * len(bad)}
    pl.DataFrame(positives).write_parquet(folder / "qrels.parquet")
    return [f"--{name}={folder / name}.parquet" for name in ("corpus", "queries", "qrels")], queries


class Done(NamedTuple):
    returncode: int
    stdout: bytes
    stderr: bytes


def run(*arguments):
    """Run a command line in this process, as `negmine` does; an exception is a failure of the test."""
    out, err = io.BytesIO(), io.BytesIO()
    streams = [io.TextIOWrapper(one, encoding="utf-8", write_through=True) for one in (out, err)]
    with (
        mock.patch.object(sys, "argv", ["negmine", *map(str, arguments)]),
        mock.patch.object(sys, "stdout", streams[0]),
        mock.patch.object(sys, "stderr", streams[1]),
        mock.patch.dict(os.environ, {"COLUMNS": "100"}),
        pytest.raises(SystemExit) as end,
    ):
        main()
    return Done(end.value.code, out.getvalue(), err.getvalue())


def check_plain(data, what):
    text = data.decode()  # UTF-8, whole
    bad = STEERING.search(text)
    assert bad is None, (what, text[max(0, bad.start() - 80) : bad.start() + 40])
    return text


def hostile_judge(request, number):
    """Say what can be read of some documents, and hostile text about all."""
    lines = [
        f"{name}: no, confident: {HOSTILE[number % len(HOSTILE)]}" for name in documents(request)
    ]
    return 200, answer("\n".join([*HOSTILE, *lines]))


@pytest.fixture(scope="module")
def mined(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    flags, queries = tables(folder / "data")
    work = folder / "work"
    with serving(hostile_judge) as server:
        done = run(
            "mine", work, *flags, "--retriever", "bm25", "--num-negatives", "2", "--on-error", "skip",
            "--judge-url", server.url, "--judge-check", "0",
            "--judge-model", "m\x1b[31m\u202e\n# Heading `x` [l](http://x)",
            "--license", "l\n# Heading\n---\nx: <script>\u202e", "--no-near-duplicate",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    check_plain(done.stdout, "mine")
    check_plain(done.stderr, "mine")
    return work, queries, flags


COMMANDS = {
    "status": ["status", "WORK"],
    "status --verify": ["status", "WORK", "--verify"],
    "explain a query": ["explain", "WORK", "QUERY"],
    "explain narrow": ["explain", "WORK", "QUERY", "--limit", "0"],
    "show": ["show", "WORK", "--queries", "40"],
    "leak": ["leak", "WORK"],
    "sweep": ["sweep", "WORK", "--grid", "max_risk=none,0.5"],
    "diff": ["diff", "WORK", "WORK"],
    "lint": ["lint", "WORK/5-write/triplet"],
    "lint corpus": ["lint", "DATA/corpus.parquet"],
    "settings": ["settings", "--work", "WORK"],
    "report": ["report", "WORK", "--html", "PAGE"],
    "decontaminate": ["decontaminate", "WORK", "--against", "DATA/corpus.parquet"],
    "batch": ["batch", "WORK", "--batch-size", "4", "--by", "random"],
    "plan": ["filter", "WORK", "--retriever", "m:\x1b[31m\u202e"],
    "dry run": ["filter", "WORK", "--dry-run", "--max-risk", "0.5"],
    "no such query": ["explain", "WORK", "\x1b[31m\u202e no such query"],
    "a megabyte of a query": ["explain", "WORK", "y" * 100_000],
    "no such setting": ["filter", "WORK", "--order", "\x1b[31m\u202e\u2028x"],
    "no such work": ["status", "nowhere\x1b[31m\u202e"],
    "no such flag": ["status", "WORK", "--\x1b[31m\u202e"],
}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_output_is_steered(name, as_json, mined, tmp_path):
    work, queries, _ = mined
    chosen = queries if "explain a" in name and FULL else [queries[0], queries[15]]
    for query in chosen if "QUERY" in COMMANDS[name] else chosen[:1]:
        places = {"WORK": str(work), "QUERY": query, "PAGE": str(tmp_path / "page.html")}
        places |= {"WORK/5-write/triplet": str(next(iter(work.glob("5-write/triplet/*.parquet"))))}
        places |= {"DATA/corpus.parquet": str(work.parent / "data/corpus.parquet")}
        if "\0" in query or len(query) > 100_000:
            continue  # no argument of a process can be that
        words = [places.get(word, word) for word in COMMANDS[name]]
        done = run(*words, *(["--json"] if as_json else []))
        check_plain(done.stderr, name)
        out = check_plain(done.stdout, name)
        assert len(done.stderr) < MOST
        if as_json and out:
            json.loads(out)
        elif not as_json:
            assert len(done.stdout) < MOST


@pytest.mark.skipif(not FULL, reason="it trains a student: in the full form")
@pytest.mark.parametrize("as_json", [False, True])
def test_prove_is_not_steered(as_json, mined, tmp_path):
    pytest.importorskip("wordllama", reason="the static model's package is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        student = wordllama(tmp_path / "student\x1b[31m")
    words = [
        "--seeds",
        "1",
        "--max-steps",
        "1",
        "--learning-rate",
        "0.01",
        "--allow-few",
        "--device",
        "cpu",
    ]
    recipe = "evil\x1b[31m\u202e\n# Heading=--skip-top 1"
    done = run(
        "prove",
        mined[0],
        "--student",
        student,
        *words,
        "--recipe",
        recipe,
        *(["--json"] if as_json else []),
    )
    check_plain(done.stderr, "prove")
    check_plain(done.stdout, "prove")
    assert len(done.stderr) < MOST


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.names, self.events, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.events += [key for key, _ in attrs if key.startswith("on")]


def test_the_page_runs_nothing_and_is_not_steered(mined, tmp_path):
    page, numbers = tmp_path / "page.html", tmp_path / "numbers.json"
    done = run("report", mined[0], "--html", page, "--json", numbers)
    assert done.returncode == 0, done.stderr.decode()
    text = check_plain(page.read_bytes(), "page")
    tags = Tags()
    tags.feed(text)
    assert tags.names.count("script") == 1
    assert tags.events == []
    assert not {"img", "iframe", "object"} & set(tags.names)
    check_plain(numbers.read_bytes(), "numbers")
    json.loads(numbers.read_text())


def test_the_card_is_plain_and_its_front_matter_has_our_keys_alone(mined):
    card = check_plain((mined[0] / "5-write/README.md").read_bytes(), "card")
    _, front, body = card.split("---\n", 2)
    keys = {"configs", "license", "license_name", "size_categories", "task_categories", "tags"}
    assert set(yaml.safe_load(front)) <= keys
    assert "<script>" not in body
    assert sum(line.startswith("# ") for line in body.splitlines()) == 1
    assert "](http://x" not in body.replace("\\](", "")


ERRORS = {
    "ids twice": lambda t: t.with_columns(doc_id=pl.lit("x\x1b[31m\u202e" + LONG)),
    "no text": lambda t: t.with_columns(text=pl.lit("")),
    "a column less": lambda t: t.rename({"text": "te\x1b[31m\u202ext" + "w" * 100_000}),
    "a column of ours": lambda t: t.with_columns(same_as=pl.lit("\x9b")),
    "null ids": lambda t: t.with_columns(doc_id=pl.lit(None, pl.String)),
    "numbers for texts": lambda t: t.with_columns(text=pl.lit(1.5)),
}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("name", ERRORS)
def test_messages_about_hostile_files_are_short_and_plain(name, as_json, mined, tmp_path):
    data = mined[0].parent / "data"
    bad = tmp_path / "corpus\x1b[31m\u202e.parquet"
    ERRORS[name](pl.read_parquet(data / "corpus.parquet")).write_parquet(bad)
    flags = [f"--{one}={data / one}.parquet" for one in ("queries", "qrels")]
    flags += ["--json"] if as_json else []
    done = run("mine", tmp_path / "w", f"--corpus={bad}", *flags, "--retriever", "bm25")
    check_plain(done.stderr, name)
    check_plain(done.stdout, name)
    assert len(done.stderr) < 50_000
    assert len(done.stdout) < 100_000
