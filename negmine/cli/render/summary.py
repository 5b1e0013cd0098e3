"""How the summary of a run looks: counts that add up, files, seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from negmine.cli.render.generated import written_documents
from negmine.cli.render.given import given_negatives
from negmine.cli.render.rules import rules_in_force
from negmine.config.naming import counted
from negmine.stages.summary import Result
from negmine.storage.layout import REFRESH, SHORT


def summary(result: Result) -> RenderableType:
    """Show counts that add up, the rules in force, seconds by stage, and files."""
    counts = dict(result.summary)
    lines = Table.grid(padding=(0, 2))
    lines.add_column(no_wrap=True)
    lines.add_column(justify="right", no_wrap=True)
    lines.add_column(style="dim", overflow="fold")
    removed, given = counts.pop("removed", {}), counts.pop("given", {})
    written = written_documents(counts.pop("requests", {}), counts.pop("generated", {}))
    for what, count, why in _left_out(counts):
        lines.add_row(what, f"{count:,}", why)
    for name in (
        "queries_mined", "queries_without_positives", "positives", "positives_suspected", "suspects_cleared",
        "queries_suspected", "candidates",
    ):  # fmt: skip
        if name in counts:
            lines.add_row(name.replace("_", " "), f"{counts.pop(name):,}")
    for reason, count in removed.items():
        lines.add_row(f"  - {reason}", f"{count:,}")
    if "kept" in counts:
        judged = counts.pop("judged_negatives_kept", 0)
        told = f"{judged:,} of them judged not relevant" if judged else ""
        lines.add_row("  = kept", f"{counts.pop('kept'):,}", told)
    for row in (*given_negatives(given), *written):
        lines.add_row(*row)
    shown = ("rows_written", "negatives_per_query", "queries_short", "queries_without_negatives")
    for name in shown:
        if name in counts:
            hint = f"listed in {SHORT}" if name == "queries_short" and counts[name] else ""
            lines.add_row(name.replace("_", " "), _number(counts.pop(name)), hint)
    if "queries_changed" in counts:
        moved = (f"{counts.pop(f'negatives_{name}'):,} {name}" for name in ("kept", "new", "gone"))
        hint = f"since the last round: {', '.join(moved)}; listed in {REFRESH}"
        lines.add_row("queries changed", _number(counts.pop("queries_changed")), hint)
    seconds = ", ".join(f"{stage} {spent:.1f}" for stage, spent in result.seconds.items())
    folders = sorted({path.parent for path in result.files})
    names = (f"{folder}  ({_count(result, folder)})" for folder in folders)
    paths = [Text(name, no_wrap=True, overflow="ignore") for name in names]
    rules = map(Text, rules_in_force(result.rules))
    return Group(lines, *rules, Text(f"seconds: {seconds}"), *paths)


def _left_out(counts: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Take what was left out before any rule out of the counts; yield name, number, and of what or why."""
    for what, count in counts.pop("skipped", {}).items():
        yield "rows skipped", count, what
    for name in ("document_copies", "query_copies"):
        if count := counts.pop(name, 0):
            yield name.replace("_", " "), count, "counted as one"
    for name, count in counts.pop("hits_left_out", {}).items():
        yield "hits left out", count, f"of {name}, by --candidates"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _count(result: Result, folder: Any) -> str:
    return counted(sum(path.parent == folder for path in result.files), "files")
