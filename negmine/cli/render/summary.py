"""How results look to people: the summary of a run, the table of `status`. For `explain`: explained.py."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from negmine.errors import SettingsError
from negmine.stages.summary import Result
from negmine.storage.layout import SHORT


def summary(result: Result) -> RenderableType:
    """Show counts that add up, files, and seconds per room."""
    counts = dict(result.summary)
    lines = Table.grid(padding=(0, 2))
    lines.add_column()
    lines.add_column(justify="right")
    lines.add_column(style="dim")
    removed = counts.pop("removed", {})
    for what, count in counts.pop("skipped", {}).items():
        lines.add_row("rows skipped", f"{count:,}", what)
    for name in ("document_copies", "query_copies"):
        if counts.pop(name, 0):
            lines.add_row(name.replace("_", " "), f"{result.summary[name]:,}", "counted as one")
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
            hint = f"listed in {SHORT}" if name == "queries_short" and counts[name] else ""
            lines.add_row(name.replace("_", " "), f"{counts.pop(name):,}", hint)
    seconds = ", ".join(f"{room} {spent:.1f}" for room, spent in result.seconds.items())
    parts: list[RenderableType] = [lines, Text(f"seconds: {seconds}")]
    folders = sorted({path.parent for path in result.files})
    parts += [Text(f"{folder}  ({_count(result, folder)})") for folder in folders]
    return Group(*parts)


def _count(result: Result, folder: Any) -> str:
    files = sum(path.parent == folder for path in result.files)
    return f"{files} file{'s' if files != 1 else ''}"


def numbers(found: dict[str, Any]) -> Table:
    """Show names and numbers, one a line."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column()
    lines.add_column(justify="right")
    for name, value in found.items():
        shown = "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
        lines.add_row(name.replace("_", " "), shown)
    return lines


def read_prices(prices: str | None) -> tuple[float, float] | None:
    """Return dollars per million prompt and answer tokens. Raises SettingsError for what is no price."""
    if prices is None:
        return None
    try:
        prompt, answer = (float(price) for price in prices.split(","))
    except ValueError:
        prompt = answer = math.nan
    if not all(0 <= price < math.inf for price in (prompt, answer)):
        raise SettingsError(f"--prices {prices}: say two numbers from 0, as 0.15,0.60.")
    return prompt, answer


def money(found: dict[str, Any], prices: tuple[float, float] | None) -> dict[str, float]:
    """Return what an estimate costs in dollars."""
    if prices is None:
        return {}
    prompt, answer = prices
    said = {name: found[f"tokens_{name}"] * prompt / 1e6 for name in ("least", "most")}
    answers = {name: found[f"answer_tokens_{name}"] * answer / 1e6 for name in said}
    return {f"dollars_{name}": round(said[name] + answers[name], 4) for name in said}


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
