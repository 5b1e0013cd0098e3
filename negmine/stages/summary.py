"""What commands return, and what the console and `--json` show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negmine.engine.run import Outcome
from negmine.engine.status import FRESH, State, survey
from negmine.stages.context import CORPUS, PROVENANCE, QRELS, QUERIES, SHORT, VERDICTS, House
from negmine.storage.workdir import Manifest


@dataclass(frozen=True)
class Result:
    """What a room, or the whole house, has done."""

    work: Path
    artifacts: list[dict[str, Any]]
    seconds: dict[str, float]
    summary: dict[str, Any] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def result(house: House, outcomes: list[Outcome], rooms: list[str]) -> Result:
    """Gather what the finished artifacts' manifests say."""
    seconds = dict.fromkeys((done.manifest.room for done in outcomes), 0.0)
    for done in outcomes:
        seconds[done.manifest.room] = round(seconds[done.manifest.room] + done.seconds, 3)
    artifacts = [
        {
            "artifact": done.artifact,
            "outcome": done.outcome,
            "rows": done.manifest.rows,
            "seconds": done.seconds,
        }
        for done in outcomes
    ]
    return Result(house.work.root, artifacts, seconds, summary(house), _files(house, rooms))


def summary(house: House) -> dict[str, Any]:
    """Return the counts of what is fresh: queries, candidates, kept, removed by reason ..."""
    found = {s.artifact.name: s.manifest for s in survey(house) if s.state == FRESH}
    counts = _left_out(found)
    for name, keys in {
        QRELS: ("queries_mined", "queries_without_positives", "positives", "judged_negatives"),
        VERDICTS: ("candidates", "kept", "removed"),
        SHORT: ("queries_short", "queries_without_negatives", "negatives_missing"),
    }.items():
        manifest = found.get(name)
        if manifest is not None:
            counts |= {key: manifest.stats[key] for key in keys if key in manifest.stats}
    asked, mined = house.settings.write.num_negatives, counts.get("queries_mined")
    training = found.get(f"5-write/{house.settings.write.format}")
    if training is not None and mined:
        missing = counts.pop("negatives_missing", 0)
        counts |= {
            "format": house.settings.write.format,
            "rows_written": training.rows,
            "negatives_per_query": round(asked - missing / mined, 3),
        }
    return counts


def _left_out(found: Mapping[str, Manifest | None]) -> dict[str, Any]:
    """Return rows that were skipped, by file and reason, and copies, as long as there are any."""
    stats = {name: known.stats for name, known in found.items() if known is not None}
    skipped: dict[str, int] = {}
    for name in (CORPUS, QUERIES, QRELS):
        skipped |= stats.get(name, {}).get("skipped", {})
    copies = {
        "document_copies": stats.get(CORPUS, {}).get("copies", 0),
        "query_copies": stats.get(QUERIES, {}).get("copies", 0),
    }
    return {"skipped": skipped, **copies}


def _files(house: House, rooms: list[str]) -> list[Path]:
    if "write" not in rooms:
        return []
    names = (f"5-write/{house.settings.write.format}", PROVENANCE, SHORT)
    return [path for name in names for path in house.work.part_files(name)]


def states(found: list[State]) -> list[dict[str, Any]]:
    """Return what `status` shows: one flat row per artifact."""
    return [
        {
            "artifact": state.artifact.name,
            "state": state.state,
            "why": state.why,
            "rows": state.manifest.rows if state.manifest else None,
            "seconds": state.manifest.seconds if state.manifest else None,
            "made_at": state.manifest.made_at if state.manifest else None,
        }
        for state in found
    ]
