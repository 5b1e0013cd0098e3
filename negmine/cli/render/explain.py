"""How one query of `explain` looks: a table where it fits, else a few lines for every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from negmine.data.schemas import POSITIVE

_TEXT = 12  # columns that a document's text needs at least
_GAP = 2
# What rules read beside scores: shown where at least one row has a value.
_ABOUT = {
    "judge_verdict": "judge says",
    "positive_similarity": "like",
    "owner_query_similarity": "owner query",
    "same_parent": "same parent",
    "contains_answer": "answer",
}


class _Line(NamedTuple):
    """One candidate: cells under the header, the document's text, and how it is coloured."""

    cells: tuple[str, ...]
    text: str
    style: str


def explanation(found: dict[str, Any], limit: int, width: int) -> RenderableType:
    """Show one query: its text, positives, and candidates with ranks, scores, kept or reason.

    Texts are cut so that a row fits into `width` columns; nothing else is.
    """
    shown = found["rows"][:limit] if limit else found["rows"]
    opinions = [name.removesuffix("_rank") for name in found["columns"] if name.endswith("_rank")]
    about = {
        name: label
        for name, label in _ABOUT.items()
        if any(row.get(name) is not None for row in shown)
    }
    header = ("rank", "doc_id", *(f"{n} (rank)" for n in opinions), *about.values(), "verdict")
    lines = [_line(row, opinions, list(about)) for row in shown]
    widths = [
        max(map(cell_len, column)) for column in zip(header, *(x.cells for x in lines), strict=True)
    ]
    room = width - sum(widths) - _GAP * len(widths)
    rows = _table(header, lines, room) if room >= _TEXT else _stacked(header, lines, width)
    head = Text(f"{found['query_id']}: {found['text']}", style="bold")
    return Group(head, rows, *map(Text, (_tail(found, len(shown)), *_risk(found["risk"]))))


def _risk(risk: dict[str, Any] | None) -> list[str]:
    """Return what the risk rests on, in a line: whose weights, and what tells most."""
    if risk is None:
        return []
    own = f"{risk['own_share']:.0%} learned here from {risk['hidden_positives']:,} hidden positives"
    telling = [f"{name} {number:+.2f}" for name, number in list(risk["weights"].items())[:4]]
    return [f"risk: {own}, the rest shipped; most telling: {', '.join(telling)}"]


def _tail(found: dict[str, Any], shown: int) -> str:
    rows = found["rows"]
    anchor = _value(rows[0]["positive_score"], 4) or "unknown"
    tail = f"{len(rows)} rows, {sum(row['kept'] for row in rows)} kept; anchor {anchor}"
    return tail + (f"; showing {shown}, --limit 0 shows all" if shown < len(rows) else "")


def _table(header: Sequence[str], lines: list[_Line], room: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name in header:
        table.add_column(name, justify="left" if name in ("doc_id", "verdict") else "right")
    table.add_column("text", no_wrap=True, overflow="crop")
    for line in lines:
        table.add_row(*map(Text, line.cells), Text(_cut(line.text, room)), style=line.style)
    return table


def _stacked(header: Sequence[str], lines: list[_Line], width: int) -> Group:
    """Show rank, document and verdict in a line, then what was said, then the text."""
    blocks: list[RenderableType] = []
    for line in lines:
        rank, doc_id, *said, verdict = line.cells
        names = [name.removesuffix(" (rank)") for name in header[2:-1]]
        scores = ", ".join(
            f"{name} {value}" for name, value in zip(names, said, strict=True) if value
        )
        blocks.append(Text(f"{rank or '-'}  {doc_id}  {verdict}", line.style, overflow="fold"))
        for text in (scores, _cut(line.text, width - _GAP)):
            blocks.append(Padding(Text(text, line.style, overflow="fold"), (0, 0, 0, _GAP)))
    return Group(*blocks)


def _line(row: dict[str, Any], opinions: list[str], about: list[str]) -> _Line:
    rank = "" if row["rank"] is None else str(row["rank"])
    verdict = "kept" if row["kept"] else str(row["reason"])
    scores = (_score(row, name) for name in opinions)
    known = (_value(row[name], 2) for name in about)
    style = "green" if row["label"] == POSITIVE else "" if row["kept"] else "dim"
    return _Line((rank, row["doc_id"], *scores, *known, verdict), row["text"], style)


def _cut(text: str, room: int) -> str:
    line = " ".join(text.split())
    while cell_len(line) > room:
        line = line[: min(len(line) - 2, room)] + "…"
    return line


def _score(row: dict[str, Any], name: str) -> str:
    """Return `12.3456 (3)`, `12.3456 (-)` where it was not found, or `-` where nobody scored it."""
    rank, score = row[f"{name}_rank"], row[f"{name}_score"]
    return "-" if score is None else f"{score:.4f} ({'-' if rank is None else rank})"


def _value(value: Any, digits: int) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return ("no", "yes")[value] if isinstance(value, bool) else f"{value:.{digits}f}"
