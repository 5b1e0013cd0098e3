"""How results look to people: the summary of a run, the table of `status`, one query of `explain`."""

from __future__ import annotations

import math
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from negmine.errors import SettingsError
from negmine.house import SHORT
from negmine.results import Result
from negmine.schemas import POSITIVE


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


def explanation(found: dict[str, Any], limit: int, width: int) -> RenderableType:
    """Show one query: its text, positives, and candidates with ranks, scores, kept or reason.

    Texts are cut so that a row fits into `width` columns.
    """
    retrievers = [name.removesuffix("_rank") for name in found["columns"] if name.endswith("_rank")]
    shown = found["rows"][:limit] if limit else found["rows"]
    header = ("rank", "doc_id", *(f"{name} (rank)" for name in retrievers), "like", "verdict")
    cells = [_cells(row, retrievers) for row in shown]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    room = max(12, width - sum(widths) - 2 * len(widths))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name, wide in zip(header, widths, strict=True):
        left = name in ("doc_id", "verdict")
        least = wide if name == "verdict" else None  # the reason is what people came for
        table.add_column(name, justify="left" if left else "right", min_width=least)
    table.add_column("text", no_wrap=True, overflow="crop")
    for row, line in zip(shown, cells, strict=True):
        style = "green" if row["label"] == POSITIVE else "" if row["kept"] else "dim"
        table.add_row(*map(Text, line), Text(_cut(row["text"], room)), style=style)
    anchor = _number(found["rows"][0]["positive_score"], 4)
    head = Text(f"{found['query_id']}: {found['text']}", style="bold")
    kept = sum(row["kept"] for row in found["rows"])
    tail = f"{len(found['rows'])} rows, {kept} kept; anchor {anchor or 'unknown'}"
    if len(shown) < len(found["rows"]):
        tail += f"; showing {len(shown)}, --limit 0 shows all"
    lines = [tail, *_risk_lines(found["risk"])]
    return Group(head, table, *map(Text, lines))


def _risk_lines(risk: dict[str, Any] | None) -> list[str]:
    """Return what the risk rests on, in a line: whose weights, and what tells most."""
    if risk is None:
        return []
    own = f"{risk['own_share']:.0%} learned here from {risk['hidden_positives']:,} hidden positives"
    telling = [f"{name} {weight:+.2f}" for name, weight in list(risk["importance"].items())[:4]]
    return [f"risk: {own}, the rest shipped; most telling: {', '.join(telling)}"]


def _cells(row: dict[str, Any], retrievers: list[str]) -> tuple[str, ...]:
    rank = "" if row["rank"] is None else str(row["rank"])
    verdict = "kept" if row["kept"] else str(row["reason"])
    scores = (_score(row, name) for name in retrievers)
    return (rank, row["doc_id"], *scores, _number(row["positive_similarity"], 2), verdict)


def _cut(text: str, room: int) -> str:
    line = " ".join(text.split())
    while cell_len(line) > room:
        line = line[: min(len(line) - 2, room)] + "…"
    return line


def _score(row: dict[str, Any], retriever: str) -> str:
    """Return `12.3456 (3)`, `12.3456 (-)` where it was not found, or `-` where nobody scored it."""
    rank, score = row[f"{retriever}_rank"], row[f"{retriever}_score"]
    return "-" if score is None else f"{score:.4f} ({'-' if rank is None else rank})"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
