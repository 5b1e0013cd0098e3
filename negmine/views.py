"""How results look to people: the summary of a run, the table of `status`, one query of `explain`."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from negmine.results import Result


def summary(result: Result) -> RenderableType:
    """Show counts that add up, files, and seconds per room."""
    counts = dict(result.summary)
    lines = Table.grid(padding=(0, 2))
    lines.add_column()
    lines.add_column(justify="right")
    lines.add_column(style="dim")
    removed = counts.pop("removed", {})
    for name in ("queries_mined", "queries_without_positives", "positives", "candidates"):
        if name in counts:
            lines.add_row(name.replace("_", " "), f"{counts.pop(name):,}")
    for reason, count in removed.items():
        lines.add_row(f"  - {reason}", f"{count:,}")
    if "kept" in counts:
        lines.add_row("  = kept", f"{counts.pop('kept'):,}")
    for name in (
        "rows_written",
        "negatives_per_query",
        "queries_short",
        "queries_without_negatives",
    ):
        if name in counts:
            lines.add_row(name.replace("_", " "), f"{counts.pop(name):,}")
    seconds = ", ".join(f"{room} {spent:.1f}" for room, spent in result.seconds.items())
    parts: list[RenderableType] = [lines, Text(f"seconds: {seconds}")]
    folders = sorted({path.parent for path in result.files})
    parts += [Text(f"{folder}  ({_count(result, folder)})") for folder in folders]
    return Group(*parts)


def _count(result: Result, folder: Any) -> str:
    files = sum(path.parent == folder for path in result.files)
    return f"{files} file{'s' if files != 1 else ''}"


def status(states: list[dict[str, Any]]) -> Table:
    """Show one line per artifact: fresh, stale (why), partial, missing; rows; seconds."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, right in (("artifact", 0), ("state", 0), ("rows", 1), ("seconds", 1), ("why", 0)):
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    styles = {"fresh": "green", "stale": "yellow", "partial": "yellow", "missing": "red"}
    for row in states:
        table.add_row(
            row["artifact"],
            Text(row["state"], styles[row["state"]]),
            "" if row["rows"] is None else f"{row['rows']:,}",
            "" if row["seconds"] is None else f"{row['seconds']:.1f}",
            Text(row["why"]),
        )
    return table


def explanation(found: dict[str, Any], limit: int) -> RenderableType:
    """Show one query: its text, positives, and candidates with ranks, scores, kept or reason."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in found["columns"]:
        table.add_column(name, justify="right" if _is_number(name) else "left", overflow="fold")
    table.add_column("text", no_wrap=True, overflow="ellipsis")
    shown = found["rows"][:limit] if limit else found["rows"]
    for row in shown:
        style = {"positive": "green"}.get(row["label"], "" if row["kept"] else "dim")
        cells = [_cell(name, row[name]) for name in found["columns"]]
        table.add_row(
            *(Text(cell) for cell in cells), Text(" ".join(row["text"].split())), style=style
        )
    head = Text(f"{found['query_id']}: {found['text']}", style="bold")
    kept = sum(row["kept"] for row in found["rows"])
    tail = f"{len(found['rows'])} rows, {kept} kept"
    if len(shown) < len(found["rows"]):
        tail += f"; showing {len(shown)} (--limit 0 shows all)"
    return Group(head, table, Text(tail))


def _is_number(name: str) -> bool:
    return name.endswith(("rank", "score", "similarity"))


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    return str(value)
