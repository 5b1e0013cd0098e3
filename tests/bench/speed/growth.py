"""Line 6: a corpus that grew a little, mined again in the old work directory and in a fresh one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from tests.bench.collections import encoders
from tests.bench.speed.collection import DOCUMENTS
from tests.bench.speed.commands import fresh, negmine
from tests.bench.speed.growing import GONE, gone, write
from tests.bench.speed.measure import once
from tests.bench.speed.records import Setup, record, sides, target
from tests.bench.speed.rows import differences

SIDES = {
    "first": "before it grew",
    "again": "the same work directory again",
    "fresh": "a fresh one",
}


def measure(setup: Setup) -> dict[str, Any]:
    """Measure the growth of everything under static vectors, and of a subset under MiniLM."""
    documents = setup.size("documents", DOCUMENTS, 2_000)
    queries = setup.size("queries", 20_000, 500)
    some = setup.size("encoded_documents", 10_000, 400)
    models = encoders(setup.work)
    found, targets, facts = {}, [], {}
    for name, size in (("WordLlama", (documents, queries)), ("MiniLM", (some, some // 4))):
        runs, about = _grow(setup, name, models[name], *size)
        found |= {f"{name}, {SIDES[side]}": runs[side] for side in SIDES}
        targets += _targets(name, about)
        facts |= {f"{name}: {fact}": value for fact, value in about.items()}
    return record(_what(documents, queries, some), found, targets, facts)


def _targets(name: str, about: dict[str, Any]) -> list[dict[str, Any]]:
    other = [text for text in about["tables that differ"].values() if not text.startswith("scores")]
    targets = [target(f"{name}: tables with other rows", len(other), "at most", 0, "")]
    encoded, seconds = about["texts encoded"], about["seconds of the vectors"]
    if name == "MiniLM":  # static vectors cost next to nothing
        shares = {"texts encoded": encoded, "seconds of the vectors": seconds}
        for what, of in shares.items():
            share = of["again"] / of["fresh"]
            targets.append(target(f"{name}: {what}, of the fresh run's", share, "under", 0.05))
    searched = about["queries searched"]
    if searched is not None:
        need = about["queries that are new or lost a hit"]
        text = f"{name}: queries searched in full"
        targets.append(target(text, searched["in_full"], "at most", need, ""))
    return targets


def _what(documents: int, queries: int, some: int) -> str:
    return (
        f"debian-packages, {documents:,} documents and {queries:,} queries under WordLlama's static vectors; "
        f"{some:,} documents and {some // 4:,} queries under MiniLM. Both by `negmine mine` with "
        "its defaults (BM25 and dense, risk, near duplicates). Then 1 % new documents, 1 % new queries, "
        f"{GONE} documents gone; one run each. Tables are compared row by row, with their order; where only "
        "floats differ, it says by how much. "
        "Seconds of the vectors are those of the whole artifact, with loading the model."
    )


def _grow(
    setup: Setup, name: str, model: str, documents: int, queries: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mine, grow, mine again, mine afresh; return the sides and what is known of them."""
    data = setup.work / f"growing-{name}"
    old, new = setup.work / f"growth-{name}", setup.work / f"growth-{name}-fresh"
    found, vectors, must = {}, {}, 0
    for side, work in (("first", fresh(old)), ("again", old), ("fresh", fresh(new))):
        write(data, documents, queries, grown=side != "first")
        command = negmine("mine", work, data=data, model=model)
        run = once(command, setup.work / f"logs/growth-{name}-{side}.log")
        found |= sides({side: [run]})
        vectors[side] = _dense(work, "1-index")
        if side == "first":
            must = _lost(old, gone(documents, queries)) + (queries // 100 or 1)
    return found, {
        "texts encoded": {side: vectors[side]["stats"]["encoded"] for side in SIDES},
        "seconds of the vectors": {side: vectors[side]["seconds"] for side in SIDES},
        "queries that are new or lost a hit": must,
        "queries searched": _dense(old, "2-retrieve")["stats"].get("searched"),
        "tables that differ": differences(old, new),
    }


def _lost(work: Path, documents: list[str]) -> int:
    """Return how many queries have one of these documents among their dense hits."""
    rows = pl.scan_parquet(work / "2-retrieve/dense-*/part-*.parquet")
    asked = rows.filter(pl.col("doc_id").is_in(documents)).select("query_id").unique()
    return asked.collect().height


def _dense(work: Path, room: str) -> dict[str, Any]:
    """Return the manifest of the dense index or run."""
    (path,) = (work / room).glob("dense-*/_manifest.json")
    return json.loads(path.read_text(encoding="utf-8"))
