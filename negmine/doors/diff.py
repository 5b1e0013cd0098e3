"""Doors of the window `diff`: two work directories, read part by part, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from negmine.compare import setup
from negmine.compare.pairs import paired
from negmine.compare.tally import ANCHOR, FUSED, MARGIN, Tally
from negmine.doors.finished import Run
from negmine.house import CORPUS, LIMITS, QUERIES, VERDICTS, House

EXAMPLES = 5
WRITE = "5-write"


def diff(house_a: House, house_b: House, limit: int) -> dict[str, Any]:
    """Compare two runs: how they were made, and what came of it, query by query."""
    a, b = Run(house_a), Run(house_b)
    shared = a.queries.join(b.queries, on="query_id", suffix="_b")
    scorers = [name for name in a.scorers if name in b.scorers]
    tally = Tally(scorers, (a.score, b.score), limit)
    house_a.progress.begin("diff")
    house_a.progress.total(shared.height, "queries")
    for queries in _batches(shared):
        rows_b = b.rows(queries.select("query_id", part="part_b"))
        tally.add(paired(a.rows(queries), rows_b))
        house_a.progress.advance(queries.height)
    return _told(a, b, tally)


def _batches(shared: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the shared queries that lie in one part of A and one of B; without any, nothing once."""
    places = shared.select("part", "part_b").unique().sort("part", "part_b")
    for part, part_b in places.iter_rows():
        yield shared.filter(part=part, part_b=part_b)
    if shared.is_empty():
        yield shared


def _told(a: Run, b: Run, tally: Tally) -> dict[str, Any]:
    queries = tally.queries
    went, came = (
        one.queries.join(other.queries, on="query_id", how="anti")["query_id"].sort()
        for one, other in ((a, b), (b, a))
    )
    counted = {n: int(queries[n].sum()) for n in ("shared", "went", "came", "candidates")}
    negatives = {x: int(queries[name].sum()) for x, name in _NEGATIVES.items()}
    moved = {
        "queries": {
            "shared": queries.height,
            "went": len(went),
            "came": len(came),
            "went_examples": went.head(EXAMPLES).to_list(),
            "came_examples": came.head(EXAMPLES).to_list(),
        },
        "rows": counted,
        "negatives": negatives,
        "fates": tally.fates(),
        "flips": tally.moves("verdict"),
        "labels": tally.moves("label"),
        "ranks": tally.ranks(),
        "shifts": _shifts(a, b, tally),
        "totals": tally.totals(a.queries.height, b.queries.height),
        "most_changed": _most_changed(a, b, tally),
    }
    made = _setup(a, b)
    same_setup = not any(made.values())
    same_rows = _same(moved)
    return {
        "a": a.summary(),
        "b": b.summary(),
        "same_setup": same_setup,
        "same_rows": same_rows,
        "setup": made,
        **moved,
        "notes": _notes(a, b, same_rows),
    }


_NEGATIVES = {"a": "taken_a", "b": "taken_b", "both": "taken", "rejected": "rejected"}


def _same(moved: dict[str, Any]) -> bool:
    lists = ("flips", "labels", "shifts", "most_changed")
    counts = [moved[what][how] for what in ("queries", "rows") for how in ("went", "came")]
    taken = moved["negatives"]
    return not any((*(moved[name] for name in lists), *counts)) and (
        taken["a"] == taken["b"] == taken["both"]
    )


def _setup(a: Run, b: Run) -> dict[str, list[dict[str, Any]]]:
    found = setup.differences(a.made, b.made)
    found["settings"] += setup.changed(LIMITS, a.limits, b.limits)
    found["settings"] += setup.changed(WRITE, a.written, b.written)
    return found


def _shifts(a: Run, b: Run, tally: Tally) -> list[dict[str, Any]]:
    """Return the shifts of what moved at all; `comparable` tells whether both scales are one."""
    same = {name: _one_scale(a, b, name) for name in tally.shifts if name not in _OF_DECIDING}
    same[FUSED] = True
    for name in _OF_DECIDING:
        same[name] = a.score == b.score and same.get(a.score, False)
    return [
        {"name": name, "comparable": same[name], **shift.summary()}
        for name, shift in tally.shifts.items()
        if shift.differs
    ]


_OF_DECIDING = (ANCHOR, MARGIN)


def _one_scale(a: Run, b: Run, name: str) -> bool:
    scale = setup.scale(a.made, name)
    return scale is not None and scale == setup.scale(b.made, name)


def _most_changed(a: Run, b: Run, tally: Tally) -> list[dict[str, Any]]:
    ids = pl.Series([row["query_id"] for row in tally.most_changed({})], dtype=pl.String)
    return tally.most_changed(b.texts(ids) | a.texts(ids))


def _notes(a: Run, b: Run, same_rows: bool) -> list[str]:
    """Return what a person should know before believing the numbers."""
    found = []
    for name, run in (("A", a), ("B", b)):
        gone = {n for m in run.made.values() for n in m.inputs if setup.role(n)[0] not in run.made}
        if gone:
            found.append(
                f"{name} lacks {', '.join(sorted(gone))}: how they were made is not compared."
            )
        for manifest in run.made.values():
            if manifest.stats.get("unfinished"):
                found.append(f"{name}: {manifest.artifact}: {manifest.stats['unfinished']}")
    found += _other_texts(a, b)
    if not same_rows and _identity(a) == _identity(b):
        found.append(
            "Both were made alike, from the same settings, models and sources, and yet differ: something is "
            "not deterministic. Last bits of scores may shift with how texts are batched."
        )
    return found


def _other_texts(a: Run, b: Run) -> list[str]:
    """Return notes on ids that mean another text in B: then the rows of one id are not comparable."""
    found = []
    for name, key in ((QUERIES, "query_id"), (CORPUS, "doc_id")):
        if any(name not in run.made for run in (a, b)) or _same_artifact(a, b, name):
            continue
        one, two = (run.house.work.scan(name).select(key, "text_key") for run in (a, b))
        other = one.join(two, on=key).filter(pl.col("text_key") != pl.col("text_key_right"))
        count = other.select(pl.len()).collect(engine="streaming").item()
        if count:
            found.append(f"{count:,} {key}s of both have another text in B ({name}).")
    if "bm25" in a.scorers and "bm25" in b.scorers and not _same_artifact(a, b, CORPUS):
        found.append(
            "BM25 weighs words by the corpus, and the corpora differ: its scores move with it."
        )
    return found


def _same_artifact(a: Run, b: Run, name: str) -> bool:
    return name in a.made and name in b.made and a.made[name].identity == b.made[name].identity


def _identity(run: Run) -> tuple[str, str]:
    return run.made[VERDICTS].identity, str(run.written)
