"""`negmine diff`: read two work directories part by part, side by side, and compare them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from negmine.analysis.diff import setup
from negmine.analysis.diff.finished import Run
from negmine.analysis.diff.pairs import paired
from negmine.analysis.diff.tally import ANCHOR, FUSED, MARGIN, Tally
from negmine.engine.context import Context
from negmine.storage.layout import CORPUS, LIMITS, QUERIES, VERDICTS

EXAMPLES = 5
MANY = 0.2  # share of ids with another text above which there is a warning
WRITE = "5-write"


def diff(context_a: Context, context_b: Context, limit: int) -> dict[str, Any]:
    """Compare two runs: how they were made, and what came of it, query by query."""
    a, b = Run(context_a), Run(context_b)
    shared = a.queries.join(b.queries, on="query_id", suffix="_b")
    scorers = [name for name in a.scorers if name in b.scorers]
    tally = Tally(scorers, (a.score, b.score), limit)
    context_a.progress.begin("diff")
    context_a.progress.total(shared.height, "queries")
    for queries in _batches(shared):
        rows_b = b.rows(queries.select("query_id", part="part_b"))
        tally.add(paired(a.rows(queries), rows_b))
        context_a.progress.advance(queries.height)
    return _result(a, b, tally)


def _batches(shared: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the shared queries that lie in one part of A and one of B; without any, nothing once."""
    places = shared.select("part", "part_b").unique().sort("part", "part_b")
    for part, part_b in places.iter_rows():
        yield shared.filter(part=part, part_b=part_b)
    if shared.is_empty():
        yield shared


def _result(a: Run, b: Run, tally: Tally) -> dict[str, Any]:
    moved = _moved(a, b, tally)
    warnings, other_texts = _other_texts(a, b)
    differences = _setup(a, b)
    same_rows = _same(moved)
    return {
        "a": a.summary(),
        "b": b.summary(),
        "warnings": warnings,
        "same_setup": not any(differences.values()),
        "same_rows": same_rows,
        "setup": differences,
        **moved,
        "notes": [*other_texts, *_notes(a, b, same_rows)],
    }


def _moved(a: Run, b: Run, tally: Tally) -> dict[str, Any]:
    """Return what came of it, and how that differs."""
    queries = tally.queries
    went, came = (
        one.queries.join(other.queries, on="query_id", how="anti")["query_id"].sort()
        for one, other in ((a, b), (b, a))
    )
    return {
        "queries": {
            "shared": queries.height,
            "went": len(went),
            "came": len(came),
            "went_examples": went.head(EXAMPLES).to_list(),
            "came_examples": came.head(EXAMPLES).to_list(),
        },
        "rows": {n: int(queries[n].sum()) for n in ("shared", "went", "came", "candidates")},
        "negatives": {x: int(queries[name].sum()) for x, name in _NEGATIVES.items()},
        "fates": tally.fates(),
        "flips": tally.moves("verdict"),
        "labels": tally.moves("label"),
        "ranks": tally.ranks(),
        "shifts": _shifts(a, b, tally),
        "totals": tally.totals(a.queries.height),
        "most_changed": _most_changed(a, b, tally),
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
    differences = setup.differences(a.made, b.made)
    differences["settings"] += setup.changed(LIMITS, a.limits, b.limits)
    differences["settings"] += setup.changed(WRITE, a.written, b.written)
    return differences


def _shifts(a: Run, b: Run, tally: Tally) -> list[dict[str, Any]]:
    """Return the shifts of all numbers that moved; `comparable`: A's and B's are on one scale."""
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
    one, other = (setup.scale(run.made, name, run.context.config.round) for run in (a, b))
    return one is not None and one == other


def _most_changed(a: Run, b: Run, tally: Tally) -> list[dict[str, Any]]:
    ids = pl.Series([row["query_id"] for row in tally.most_changed({})], dtype=pl.String)
    in_a, in_b = a.texts(ids), b.texts(ids)
    rows = tally.most_changed(in_b | in_a)
    return [{**row, "text_b": _other(in_b.get(row["query_id"]), row["text"])} for row in rows]


def _other(text: str | None, than: str | None) -> str | None:
    return None if text == than else text


def _notes(a: Run, b: Run, same_rows: bool) -> list[str]:
    """Return what a person should know before believing the numbers."""
    notes = []
    for name, run in (("A", a), ("B", b)):
        gone = {n for m in run.made.values() for n in m.inputs if setup.role(n)[0] not in run.made}
        if gone:
            notes.append(
                f"{name} lacks {', '.join(sorted(gone))}: how they were made is not compared."
            )
        for manifest in run.made.values():
            if manifest.stats.get("unfinished"):
                notes.append(f"{name}: {manifest.artifact}: {manifest.stats['unfinished']}")
    corpora_differ = _both_have(a, b, CORPUS) and not _same_artifact(a, b, CORPUS)
    if corpora_differ and (sums := [name for name in a.sums if name in b.sums]):
        notes.append(
            f"{' and '.join(sums)} weighs words by the corpus, and the corpora differ: its scores move with it."
        )
    if not same_rows and _identity(a) == _identity(b):
        notes.append(
            "Both were made from the same settings, models and sources, and yet they differ: something is "
            "not deterministic. The last bits of scores may depend on how texts are batched."
        )
    return notes


def _other_texts(a: Run, b: Run) -> tuple[list[str], list[str]]:
    """Return warnings and notes on ids that mean another text in B: such rows cannot be compared."""
    warnings, notes = [], []
    for name, key in ((QUERIES, "query_id"), (CORPUS, "doc_id")):
        if not _both_have(a, b, name) or _same_artifact(a, b, name):
            continue
        one, two = (run.context.work.scan(name).select(key, "text_key") for run in (a, b))
        if name == QUERIES:  # of those that were mined, as everywhere here
            mined = a.queries.join(b.queries, on=key, how="semi").lazy()
            one = one.join(mined, on=key, how="semi")
        other = (pl.col("text_key") != pl.col("text_key_right")).sum()
        both = one.join(two, on=key).select(other.alias("other"), pl.len().alias("shared"))
        count, shared = both.collect(engine="streaming").row(0)
        others = f"{count:,} {key}s of both have another text in B ({name})"
        if count > MANY * shared:
            warnings.append(
                f"{others}, of {shared:,}: if these are two collections, numbers by id mean nothing."
            )
        elif count:
            notes.append(f"{others}.")
    return warnings, notes


def _both_have(a: Run, b: Run, name: str) -> bool:
    return name in a.made and name in b.made


def _same_artifact(a: Run, b: Run, name: str) -> bool:
    return _both_have(a, b, name) and a.made[name].identity == b.made[name].identity


def _identity(run: Run) -> tuple[str, str]:
    return run.made[VERDICTS].identity, str(run.written)
