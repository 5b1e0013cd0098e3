"""Line 4: BM25, index and search of every query, against bm25s called plainly and rank-bm25."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.bench.speed.collection import DOCUMENTS, copy
from tests.bench.speed.commands import fresh, negmine, one_after_another, peer, seconds_by_artifact
from tests.bench.speed.measure import in_turn, once
from tests.bench.speed.records import Setup, ratio, record, sides, target

SAMPLE = 30
PLAIN = {"numba": "bm25s, numba backend"}  # its default backend takes seven times as long
ALL_WORDS = "bm25s, numba backend, stop words kept"


def measure(setup: Setup) -> dict[str, Any]:
    """Measure `negmine index` and `negmine retrieve` as one, and the peers."""
    count = setup.size("documents", DOCUMENTS, 2_000)
    queries = setup.size("bm25_queries", DOCUMENTS, 2_000)
    folder = copy(setup.work / f"bm25-{count}-{queries}", count, queries)
    work = setup.work / "bm25"

    # Else `index` prepares for the search of near duplicates too, which no peer does.
    config = setup.work / "bm25.toml"
    config.write_text("[filter]\nno-risk = true\nno-near-duplicate = true\n")

    def ours() -> list[str]:
        return one_after_another(
            negmine("index", fresh(work), data=folder, retriever="bm25", config=config),
            negmine("retrieve", work, k=100),
        )

    def theirs(way: str) -> list[str]:
        return peer("peer_bm25", way, folder, setup.work / "bm25s.npz")

    commands = {
        "negmine": ours,
        PLAIN["numba"]: lambda: theirs("numba"),
        ALL_WORDS: lambda: theirs("numba-all-words"),
    }
    found = sides(in_turn(commands, setup.runs, setup.work / "logs" / "bm25"))
    slow = _rank_bm25(setup, folder)
    facts = {**seconds_by_artifact(work), "rank-bm25": slow}
    return record(_what(count, queries, slow), found, goals(found, facts, queries), facts)


def _rank_bm25(setup: Setup, folder: Path) -> dict[str, float]:
    out = setup.work / "rank-bm25.json"
    command = peer("peer_bm25", "rank-bm25", folder, out, SAMPLE)
    whole = once(command, setup.work / "logs/rank-bm25.log")
    return {**json.loads(out.read_text()), "peak_mb": whole["peak_mb"]}


def goals(found: dict[str, Any], facts: dict[str, Any], queries: int) -> list[dict[str, Any]]:
    """Return what was to be reached, from the sides and facts of a record."""
    ours, slow = found["negmine"], facts["rank-bm25"]
    best = min(PLAIN.values(), key=lambda name: found[name]["seconds"])
    searched = slow["query_s"] * queries / facts["seconds of 2-retrieve/bm25"]
    whole = slow["query_s"] * queries / ours["seconds"]
    return [
        target("rank-bm25's search / negmine's search, with its run written", searched, "at least", 500),
        target("rank-bm25's search / negmine's index and retrieve", whole, "at least", 500),
        target(f"wall, of plain bm25s (the faster: {best})", ratio(ours, found[best]), "under", 1.2),
        target("peak RSS", ours["peak_mb"], "under", 2_000, "MB"),
    ]  # fmt: skip


def _what(documents: int, queries: int, slow: dict[str, float]) -> str:
    return (
        f"debian-packages, {documents:,} documents, {queries:,} queries, k = 100: read the gzipped files, "
        "tokenize, index, search. negmine: `index` and `retrieve`, two processes, with every run, every "
        "positive's score and the candidates on disk. bm25s: one process, its defaults (English stop words are "
        f"dropped), arrays saved. rank-bm25: {slow['queries']} queries spread evenly, search alone without its "
        "index, times all queries; of negmine once the run alone, once both commands from their start."
    )
