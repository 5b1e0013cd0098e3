"""How `status` looks: a line for every artifact."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.cli.render.text import printable

_STYLES = {"fresh": "green", "stale": "yellow", "partial": "yellow", "missing": "red"}


def status(
    states: list[dict[str, Any]], untrusted: list[str], work: str, width: int
) -> RenderableType:
    """Show artifact, state (fresh, stale, partial, missing), rows, seconds, and why it is not fresh.

    untrusted: what the work directory names and the user did not; listed below the table.
    """
    rows = [
        (
            row["artifact"],
            row["state"],
            "" if row["rows"] is None else f"{row['rows']:,}",
            "" if row["seconds"] is None else f"{row['seconds']:.1f}",
            row["why"],
        )
        for row in states
    ]
    header = ("artifact", "state", "rows", "seconds", "why")
    styles = [_STYLES[row["state"]] for row in states]
    table = grid(header, rows, width, left=2, wraps=True, styles=styles)
    if not untrusted:
        return table
    lines = [f"{work} wants to use what you have not named:", *(f"  {one}" for one in untrusted)]
    lines.append(f"If it is what you want: negmine trust {work}")
    # Names and commands are copied: they are not broken, however long they are.
    return Group(table, Text("\n".join(map(printable, lines)), no_wrap=True, overflow="ignore"))
