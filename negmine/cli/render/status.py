"""How `status` looks: a line for every artifact."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.cli.render.text import printable

_STYLES = {"fresh": "green", "stale": "yellow", "partial": "yellow", "missing": "red"}


def status(states: list[dict[str, Any]], width: int) -> RenderableType:
    """Show artifact, state (fresh, stale, partial, missing), rows, seconds, and why it is not fresh."""
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
    return grid(header, rows, width, left=2, wraps=True, styles=styles)


def untrusted(things: list[str], work: str) -> Text:
    """Show what the work directory names and the user did not, and the command that trusts it.

    To be printed with soft_wrap: names and commands are copied, so they are not broken, however long they are.
    """
    lines = [f"{work} wants to use what you have not named:", *(f"  {one}" for one in things)]
    lines.append(f"If it is what you want: negmine trust {work}")
    return Text("\n".join(map(printable, lines)))
