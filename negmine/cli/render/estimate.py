"""How the estimate of `mine --dry-run` looks: what would be made, how long, how much space."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid

_HEADER = ("artifact", "state", "rows", "seconds", "MB")


def estimate(costs: dict[str, Any], width: int) -> RenderableType:
    """Show a line for each artifact, and the totals."""
    rows = [
        (
            row["artifact"],
            row["state"],
            *(
                ("", "", "")
                if row["outcome"] == "kept"
                else (f"{row['rows']:,}", f"{row['seconds']:,.1f}", f"{row['megabytes']:,.1f}")
            ),
        )
        for row in costs["artifacts"]
    ]
    total = (
        f"{costs['documents']:,} documents, {costs['queries']:,} queries: about {costs['seconds']:,} s and "
        f"{costs['megabytes']:,} MB at most; {costs['free_megabytes']:,.0f} MB are free. Nothing was made."
    )
    return Group(grid(_HEADER, rows, width, left=2), Text(total))
