"""Load, in the long form only: 20,000 positives of one query, a huge document, nothing but copies."""

import json
import subprocess
import sys

import polars as pl
import pytest

from tests.torture.faults import FULL

MOST_MB = 3_000  # of memory, with Python and its libraries
SECONDS = 500
MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""
COUNT = 20_000


def words(number):
    return f"word{number % 997} word{number % 101} term{number}"


def many_positives():
    """Return documents, queries and qrels: one query with 20,000 positives among 30,000 documents."""
    documents = [(f"d{n}", f"tea {words(n)}") for n in range(30_000)]
    return documents, [("q1", "tea word1"), ("q2", "tea word2 term77")], [
        *(("q1", f"d{n}") for n in range(COUNT)), ("q2", "d77"),
    ]  # fmt: skip


def a_huge_document():
    huge = " ".join(words(n) for n in range(1_200_000))
    assert len(huge) > 30_000_000
    documents = [("huge", huge), *((f"d{n}", words(n)) for n in range(50))]
    return documents, [("q1", "term7 word7"), ("q2", "term8 word8")], [("q1", "huge"), ("q2", "d8")]


def nothing_but_copies():
    documents = [(f"d{n}", "the very same text about tea") for n in range(50_000)]
    queries = [(f"q{n}", f"tea {n}") for n in range(20)]
    return documents, queries, [(f"q{n}", f"d{n}") for n in range(20)]


def many_documents():
    documents = [(f"d{n}", words(n)) for n in range(300_000)]
    queries = [(f"q{n}", words(n)) for n in range(2_000)]
    return documents, queries, [(f"q{n}", f"d{n}") for n in range(2_000)]


CASES = [many_positives, a_huge_document, nothing_but_copies, many_documents] if FULL else []


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_much_of_one_kind_ends_in_time_and_within_memory(make, tmp_path):
    documents, queries, pairs = make()
    tables = {
        "corpus": pl.DataFrame(documents, ["doc_id", "text"], orient="row"),
        "queries": pl.DataFrame(queries, ["query_id", "text"], orient="row"),
        "qrels": pl.DataFrame(pairs, ["query_id", "doc_id"], orient="row").with_columns(
            relevance=1
        ),
    }
    for name, rows in tables.items():
        rows.write_parquet(tmp_path / f"{name}.parquet")
    flags = [f"--{name}={tmp_path / name}.parquet" for name in tables]
    command = [
        sys.executable,
        "-m",
        "negmine.cli",
        "mine",
        str(tmp_path / "w"),
        *flags,
        "--retriever",
        "bm25",
    ]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *command, "--json"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stderr.split()[-1]) < MOST_MB
    summary = json.loads(done.stdout)["data"]["summary"]
    assert summary["candidates"] == summary["kept"] + sum(summary["removed"].values())
    assert summary["positives"] >= len({doc for _, doc in pairs}) or make is nothing_but_copies
