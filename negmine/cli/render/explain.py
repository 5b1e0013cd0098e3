"""How one query of `explain` looks: a table where it fits, else a few lines for every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.console import Group, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from negmine.cli.render.generated import where_from
from negmine.cli.render.text import cut, one_line, short
from negmine.config.naming import counted
from negmine.data.schemas import JUDGED_NEGATIVE, POSITIVE

_TEXT = 12  # columns that a document's text needs at least
_GAP = 2
# What rules read beside scores, with its heading: shown where at least one row has a value.
_ABOUT = {
    "judge_verdict": "judge\nsays",
    "positive_similarity": "similarity\nto nearest\npositive",
    "owner_query_similarity": "similarity\nto the query\nit answers",
    "neighbours": "nearer to\npositive\npairs by",
    "same_parent": "same\nparent",
    "contains_answer": "contains\nanswer",
}


class _Line(NamedTuple):
    """One candidate: cells under the header, the document's text, and how it is coloured."""

    cells: tuple[str, ...]
    text: str
    style: str


def explanation(explained: dict[str, Any], limit: int, width: int) -> RenderableType:
    """Show one query: its text, positives, and candidates with ranks, scores, kept or reason.

    Texts are cut so that a row fits into `width` columns; nothing else is.
    """
    shown = explained["rows"][:limit] if limit else explained["rows"]
    scorers = [
        name.removesuffix("_rank") for name in explained["columns"] if name.endswith("_rank")
    ]
    about = {
        name: label
        for name, label in _ABOUT.items()
        if any(row.get(name) is not None for row in shown)
    }
    header = ("rank", "doc_id", *(f"{n} (rank)" for n in scorers), *about.values(), "verdict")
    query_id = explained["query_id"]
    lines = [_line(row, query_id, scorers, list(about)) for row in shown]
    columns = zip(header, *(x.cells for x in lines), strict=True)
    widths = [
        max(cell_len(line) for cell in column for line in cell.split("\n")) for column in columns
    ]
    left = width - sum(widths) - _GAP * len(widths)
    rows = _table(header, lines, left) if left >= _TEXT else _stacked(header, lines, width)
    head = Text(one_line(f"{short(explained['query_id'])}: {explained['text']}"), style="bold")
    tail = (_tail(explained, len(shown)), *_risk(explained["risk"]))
    return Group(head, rows, *map(Text, tail))


def _risk(risk: dict[str, Any] | None) -> list[str]:
    """Return what the risk rests on: how much of it is from the user's data, and which signals count most."""
    if risk is None:
        return []
    own = round(100 * risk["own_share"])
    data = f"{own} % from your data ({risk['hidden_positives']:,} hidden positives)"
    most = ", ".join(f"{name} {number:+.2f}" for name, number in list(risk["weights"].items())[:4])
    return [f"risk: {data}, {100 - own} % built-in weights; signals that count most: {most}"]


def _tail(explained: dict[str, Any], shown: int) -> str:
    rows = explained["rows"]
    anchor = _value(rows[0]["positive_score"], 4) or "unknown"
    kept = sum(row["kept"] for row in rows)
    tail = f"{counted(len(rows), 'rows')}, {kept:,} kept; anchor {anchor}"
    return tail + (
        f"; {counted(shown, 'rows')} shown, --limit 0 shows all" if shown < len(rows) else ""
    )


def _table(header: Sequence[str], lines: list[_Line], left: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name in header:
        justify: JustifyMethod = "left" if name in ("doc_id", "verdict") else "right"
        table.add_column(name, justify=justify)
    table.add_column("text", no_wrap=True, overflow="crop")
    for line in lines:
        table.add_row(*map(Text, line.cells), Text(cut(line.text, left)), style=line.style)
    return table


def _stacked(header: Sequence[str], lines: list[_Line], width: int) -> Group:
    """Show rank, document and verdict in a line, then scores, then the text."""
    names = [name.removesuffix(" (rank)").replace("\n", " ") for name in header[2:-1]]
    blocks: list[RenderableType] = []
    for line in lines:
        rank, doc_id, *values, verdict = line.cells
        scores = ", ".join(
            f"{name} {value}" for name, value in zip(names, values, strict=True) if value
        )
        blocks.append(Text(f"{rank or '-'}  {doc_id}  {verdict}", line.style, overflow="fold"))
        for text in (scores, cut(line.text, width - _GAP)):
            below = Text(text, line.style, overflow="fold")
            blocks.append(Padding(below, (0, 0, 0, _GAP), expand=False))
    return Group(*blocks)


def _line(row: dict[str, Any], query_id: str, scorers: list[str], about: list[str]) -> _Line:
    rank = "" if row["rank"] is None else str(row["rank"])
    verdict = "kept" if row["kept"] else str(row["reason"])
    if row["label"] == JUDGED_NEGATIVE:
        verdict += " (judged not relevant)"
    if row.get("origin"):
        verdict += f" ({where_from(row, query_id)})"
    if row["suspected"] is not None:
        verdict += f" (suspected: {row['suspected']})"
    scores = (_score(row, name) for name in scorers)
    values = (_value(row[name], 2) for name in about)
    style = "green" if row["label"] == POSITIVE else "" if row["kept"] else "dim"
    return _Line((rank, short(row["doc_id"]), *scores, *values, verdict), row["text"], style)


def _score(row: dict[str, Any], name: str) -> str:
    """Return `12.3456 (3)`, `12.3456 (-)` where no rank is known, or `-` without a score."""
    rank, score = row[f"{name}_rank"], row[f"{name}_score"]
    return "-" if score is None else f"{score:.4f} ({'-' if rank is None else rank})"


def _value(value: Any, digits: int) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return ("no", "yes")[value] if isinstance(value, bool) else f"{value:.{digits}f}"
