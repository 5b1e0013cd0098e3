"""How `status` looks: a line for every artifact."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType

from negmine.cli.render.grid import grid

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
