"""What a command on stages returns: counts, files, seconds, and the rules in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from negmine.config.resolved import InForce
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.run import Outcome
from negmine.engine.status import FRESH, State, survey
from negmine.stages.filter.limits.read import chosen_by_budget
from negmine.stages.filter.relabelled import RELABELLED
from negmine.stages.filter.suspects.tasks import queries_dropped
from negmine.storage.layout import (
    CANDIDATES,
    CORPUS,
    GENERATED,
    GIVEN_INDEX,
    QRELS,
    QUERIES,
    REFRESH,
    SHORT,
    SUSPECTS,
    VERDICTS,
    provenance,
    training,
)
from negmine.storage.manifest import Manifest


@dataclass(frozen=True)
class Result:
    """What the stages of a command have done.

    artifacts: name, outcome (made, partial or fresh), rows, seconds of each. seconds: by stage. summary: counts
    of what is fresh. files: the training files. rules: the settings in force of the stages filter and write,
    where one of them ran: stage, setting, value, origin (flag, file, remembered, default, or chosen by
    --max-leak).
    """

    work: Path
    artifacts: list[dict[str, Any]]
    seconds: dict[str, float]
    summary: dict[str, Any] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)

    def __repr__(self) -> str:
        counts = self.summary
        parts = [f"{counts[name]:,} {name}" for name in ("candidates", "kept") if name in counts]
        if "rows_written" in counts:
            parts.append(f"{counts['rows_written']:,} rows of {counts['format']}")
        return f"<Result {self.work}: {', '.join(parts) or 'no counts yet'}>"

    def _repr_html_(self) -> str:
        removed = {f"removed: {reason}": n for reason, n in self.summary.get("removed", {}).items()}
        counts = {n: v for n, v in self.summary.items() if not isinstance(v, dict)} | removed
        shown = ((n, f"{v:,}" if isinstance(v, int) else v) for n, v in counts.items())
        return html_table([("count", "value"), *shown])


def result(
    context: Context, plan: Sequence[Artifact], outcomes: Sequence[Outcome], stages: Sequence[str]
) -> Result:
    """Gather what the finished artifacts' manifests record."""
    seconds = dict.fromkeys((done.manifest.stage for done in outcomes), 0.0)
    for done in outcomes:
        stage = done.manifest.stage
        seconds[stage] = round(seconds[stage] + done.seconds, 3)
    artifacts = [
        {
            "artifact": done.artifact,
            "outcome": done.outcome,
            "rows": done.manifest.rows,
            "seconds": done.seconds,
        }
        for done in outcomes
    ]
    return Result(
        context.work.place,
        artifacts,
        seconds,
        summary(context, plan),
        _files(context, stages),
        [rule._asdict() for rule in rules_in_force(context, stages)],
    )


def rules_in_force(context: Context, stages: Sequence[str]) -> list[InForce]:
    """Return the settings in force of filter and write, where these stages include one of them.

    Of a stage that did not run, those that the command gave. What --max-leak has chosen: origin `chosen`.
    """
    shown = [stage for stage in ("filter", "write") if stage in stages]
    rules = context.config.in_force("filter", "write")
    rules = [rule for rule in rules if shown and (rule.stage in shown or rule.origin == "flag")]
    by_budget = chosen_by_budget(context)
    return [
        rule._replace(value=by_budget[rule.setting], origin="chosen")
        if rule.setting in by_budget
        else rule
        for rule in rules
    ]


def summary(context: Context, plan: Sequence[Artifact]) -> dict[str, Any]:
    """Return the counts of what is fresh: queries, candidates, kept, removed by reason ..."""
    manifests = {s.artifact.name: s.manifest for s in survey(context, plan) if _counts(s)}
    counts = _left_out(manifests)
    for name, keys in {
        QRELS: ("queries_mined", "queries_without_positives", "positives", "judged_negatives"),
        SUSPECTS: ("positives_suspected", "suspects_cleared", "queries_suspected"),
        VERDICTS: ("candidates", "kept", "removed", "judged_negatives_kept"),
        REFRESH: ("queries_changed", "negatives_kept", "negatives_new", "negatives_gone"),
        SHORT: ("queries_short", "queries_without_negatives", "negatives_missing"),
    }.items():
        manifest = manifests.get(name)
        if manifest is not None:
            counts |= {key: manifest.stats[key] for key in keys if key in manifest.stats}
    counts |= _given(manifests)
    counts |= _generated(manifests)
    write, mined = context.config.write, counts.get("queries_mined")
    written = {name: manifests.get(training(name)) for name in write.format}
    files = written[write.main_format]
    if files is not None and mined:
        missing = counts.pop("negatives_missing", 0)
        counts |= {
            "format": write.main_format,
            "rows_written": files.rows,
            "rows_by_format": {name: one.rows for name, one in written.items() if one is not None},
            "negatives_per_query": _per_query(context, manifests, mined, missing),
        }
    return counts


def _counts(state: State) -> bool:
    """Tell whether an artifact's counts are of now: it is fresh, or written as far as the model was heard."""
    return state.state == FRESH or (state.artifact.name == GENERATED and state.readable)


def _given(manifests: Mapping[str, Manifest | None]) -> dict[str, Any]:
    """Return what became of the negatives that the user's file has; nothing where it has none.

    negatives = empty + repeated + not_candidates + kept + sum of removed.
    """
    index, verdicts = manifests.get(GIVEN_INDEX), manifests.get(VERDICTS)
    if index is None or verdicts is None or "given" not in verdicts.stats:
        return {}
    counts, decided = dict(index.stats), dict(verdicts.stats["given"])
    left = counts["negatives"] - counts["empty"] - counts["repeated"]
    return {"given": {**counts, "not_candidates": left - decided.pop("candidates"), **decided}}


def _generated(manifests: Mapping[str, Manifest | None]) -> dict[str, Any]:
    """Return what came of the requests to a model that writes, and what became of its documents."""
    requests, verdicts = manifests.get(GENERATED), manifests.get(VERDICTS)
    counts = {} if requests is None else {"requests": requests.stats["outcomes"]}
    written = {} if verdicts is None else verdicts.stats.get("generated", {})
    return {**counts, **({"generated": written} if written else {})}


def _per_query(
    context: Context, manifests: Mapping[str, Manifest | None], mined: int, missing: int
) -> float:
    """Return how many negatives a query that is written has on average."""
    left = mined - queries_dropped(context)
    return round((_asked(context, manifests, left) - missing) / left, 3) if left else 0.0


def _asked(context: Context, manifests: Mapping[str, Manifest | None], queries: int) -> int:
    """Return how many negatives are asked for: of each query, or of each of its positives."""
    write, verdicts = context.config.write, manifests.get(VERDICTS)
    if write.per == "query" or write.positives != "all" or verdicts is None:
        return write.num_negatives * queries
    removed = verdicts.stats["removed"]
    relevant = ("is_positive", *(RELABELLED if write.relabel else ()))
    positives = sum(int(removed.get(reason, 0)) for reason in relevant)
    suspects = manifests.get(SUSPECTS) if write.drop_positives == "suspected" else None
    dropped = 0 if suspects is None else int(suspects.stats["positives_suspected"])
    return write.num_negatives * (positives - dropped)


def _left_out(manifests: Mapping[str, Manifest | None]) -> dict[str, Any]:
    """Return rows that were skipped, by file and reason, copies, and hits that are no candidates."""
    stats = {name: one.stats for name, one in manifests.items() if one is not None}
    skipped: dict[str, int] = {}
    for name in (CORPUS, QUERIES, QRELS):
        skipped |= stats.get(name, {}).get("skipped", {})
    copies = {
        "document_copies": stats.get(CORPUS, {}).get("copies", 0),
        "query_copies": stats.get(QUERIES, {}).get("copies", 0),
    }
    left_out = stats.get(CANDIDATES, {}).get("hits_left_out")
    return {"skipped": skipped, **copies, **({"hits_left_out": left_out} if left_out else {})}


def _files(context: Context, stages: Sequence[str]) -> list[Path]:
    if "write" not in stages:
        return []
    write = context.config.write
    abouts = (provenance(name, write.main_format) for name in write.format)
    others = (REFRESH, SHORT) if context.config.round > 1 else (SHORT,)
    names = (*map(training, write.format), *abouts, *others)
    return [path for name in names for path in context.work.places(name)]


def html_table(rows: Iterable[Iterable[Any]]) -> str:
    """Return an HTML table for notebooks; the first row is the head. Every value is escaped."""
    head, *body = [[escape(str(value)) for value in row] for row in rows]
    lines = ["".join(f"<th>{value}</th>" for value in head)]
    lines += ["".join(f"<td>{value}</td>" for value in row) for row in body]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
