"""A collection before and after it grew: 1 % new documents and queries, ten documents gone."""

from __future__ import annotations

import gzip
import json
import shutil
from itertools import islice
from pathlib import Path

from tests.bench.collections import DATA
from tests.bench.speed.collection import DOCUMENTS

GONE = 10


def write(folder: Path, documents: int, queries: int, grown: bool) -> None:
    """Write the first `documents` and `queries` as a BEIR folder; the last 1 % of both come when it has grown.

    New queries ask for new documents. The documents that go are none that a query asks for, and lie apart.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "qrels").mkdir(parents=True)
    corpus, asked = _lines("corpus")[:documents], _lines("queries")
    late = queries // 100 or 1
    end = documents - (documents // 100 or 1)
    kept, chosen = corpus[:end], asked[: queries - late]
    if grown:
        leaving = set(gone(documents, queries))
        kept = [line for line in kept if _id(line) not in leaving] + corpus[end:]
        chosen += asked[documents - late : documents]
    (folder / "corpus.jsonl").write_text("".join(kept), encoding="utf-8")
    (folder / "queries.jsonl").write_text("".join(chosen), encoding="utf-8")
    # The n-th query asks for the document of its own name.
    rows = "".join(f"{_id(line)}\t{_id(line)}\t1\n" for line in chosen)
    (folder / "qrels/train.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows, encoding="utf-8")


def gone(documents: int, queries: int) -> list[str]:
    """Return the doc_ids that are there before and not after: spread over what no query asks for."""
    end = documents - (documents // 100 or 1)
    rows = range(queries, end, max(1, (end - queries) // GONE))[:GONE]
    corpus = _lines("corpus")
    return [_id(corpus[row]) for row in rows]


def _id(line: str) -> str:
    name: str = json.loads(line)["_id"]
    return name


def _lines(kind: str) -> list[str]:
    with gzip.open(DATA / "debian-packages" / f"{kind}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return list(islice(lines, DOCUMENTS))
