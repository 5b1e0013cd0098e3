"""Line 6: a corpus that grew a little, mined again in the old work directory and in a fresh one."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

from tests.bench.collections import DATA, encoders
from tests.bench.speed.collection import DOCUMENTS
from tests.bench.speed.commands import fresh, negmine
from tests.bench.speed.measure import once
from tests.bench.speed.records import Setup, record, sides, target
from tests.bench.speed.rows import differences

GONE = 10
SIDES = {
    "first": "before it grew",
    "again": "the same work directory again",
    "fresh": "a fresh one",
}


def measure(setup: Setup) -> dict[str, Any]:
    """Measure the growth of everything under static vectors, and of a subset under MiniLM."""
    documents = setup.size("documents", DOCUMENTS, 2_000)
    queries = setup.size("queries", 20_000, 500)
    some = setup.size("encoded_documents", 4_000, 400)
    models = encoders(setup.work)
    found, targets, facts = {}, [], {}
    for name, size in (("WordLlama", (documents, queries)), ("MiniLM", (some, some // 4))):
        runs, about = _grow(setup, name, models[name], *size)
        found |= {f"{name}, {SIDES[side]}": runs[side] for side in SIDES}
        targets.append(
            target(
                f"{name}: tables that differ", len(about["tables that differ"]), "at most", 0, ""
            )
        )
        targets.append(
            target(
                f"{name}: texts encoded, of the fresh run", about["share encoded"], "under", 0.05
            )
        )
        facts[name] = about
    share = (
        found[f"MiniLM, {SIDES['again']}"]["index_s"]
        / found[f"MiniLM, {SIDES['fresh']}"]["index_s"]
    )
    targets.append(target("MiniLM: seconds of the vectors, of the fresh run", share, "under", 0.05))
    return record(_what(documents, queries, some), found, targets, facts)  # fmt: skip


def _what(documents: int, queries: int, some: int) -> str:
    return (
        f"debian-packages, {documents:,} documents and {queries:,} queries under WordLlama's static vectors; "
        f"{some:,} documents and {some // 4:,} queries under MiniLM. Both by `negmine mine` with its defaults "
        f"(BM25 and dense, risk, near duplicates). Then 1 % new documents, 1 % new queries, {GONE} documents "
        "gone; one run each. Tables are compared row by row, with their order."
    )


def _grow(
    setup: Setup, name: str, model: str, documents: int, queries: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mine, grow, mine again, mine afresh; return the sides and what is known of them."""
    data = setup.work / f"growing-{name}"
    old, new = setup.work / f"growth-{name}", setup.work / f"growth-{name}-fresh"
    found = {}
    for side, work in (("first", fresh(old)), ("again", old), ("fresh", fresh(new))):
        _write(data, documents, queries, grown=side != "first")
        command = negmine("mine", work, data=data, model=model)
        run = once(command, setup.work / f"logs/growth-{name}-{side}.log")
        found |= sides({side: [run]})
        found[side]["index_s"] = _dense(work, "1-index")["seconds"]
    again, scratch = (_dense(work, "1-index")["stats"]["encoded"] for work in (old, new))
    about = {
        "texts encoded": {"again": again, "fresh": scratch},
        "share encoded": again / max(scratch, 1),
        "seconds of the vectors": {side: found[side]["index_s"] for side in SIDES},
        "queries searched": _dense(old, "2-retrieve")["stats"].get("searched"),
        "tables that differ": differences(old, new),
    }
    return found, about


def _dense(work: Path, room: str) -> dict[str, Any]:
    """Return the manifest of the dense index or run."""
    (path,) = (work / room).glob("dense-*/_manifest.json")
    return json.loads(path.read_text(encoding="utf-8"))


def _write(folder: Path, documents: int, queries: int, grown: bool) -> None:
    """Write the collection before or after it grew: the last 1 % of both come later.

    The documents that go are none that a query asks for, and lie apart, so that all blocks are touched.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "qrels").mkdir(parents=True)
    corpus, asked = _lines("corpus", DOCUMENTS)[:documents], _lines("queries", DOCUMENTS)
    new_documents, new_queries = max(1, documents // 100), max(1, queries // 100)
    late = asked[documents - new_queries : documents]  # they ask for new documents
    asked = asked[: queries - new_queries]
    old = corpus[: documents - new_documents]
    gone = set(range(len(asked), len(old), max(1, (len(old) - len(asked)) // GONE)))
    gone = set(sorted(gone)[:GONE])
    if grown:
        old = [line for row, line in enumerate(old) if row not in gone]
        old, asked = old + corpus[documents - new_documents :], asked + late
    (folder / "corpus.jsonl").write_text("".join(old), encoding="utf-8")
    (folder / "queries.jsonl").write_text("".join(asked), encoding="utf-8")
    names = [json.loads(line)["_id"] for line in asked]
    rows = "".join(f"{name}\t{name}\t1\n" for name in names)
    (folder / "qrels/train.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows, encoding="utf-8")


def _lines(kind: str, count: int) -> list[str]:
    with gzip.open(DATA / "debian-packages" / f"{kind}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [line for _, line in zip(range(count), lines, strict=False)]
