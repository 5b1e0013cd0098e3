"""How the estimate of `mine --dry-run` looks: what would be made, how long, how much space."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def estimate(costs: dict[str, Any]) -> RenderableType:
    """Show a line for each artifact, and the totals."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, right in (("artifact", 0), ("state", 0), ("rows", 1), ("seconds", 1), ("MB", 1)):
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in costs["artifacts"]:
        numbers = (f"{row['rows']:,}", f"{row['seconds']:,.1f}", f"{row['megabytes']:,.1f}")
        kept = row["outcome"] == "kept"
        table.add_row(row["artifact"], row["state"], *(("", "", "") if kept else numbers))
    total = (
        f"{costs['documents']:,} documents, {costs['queries']:,} queries: about {costs['seconds']:,} s and "
        f"{costs['megabytes']:,} MB at most; {costs['free_megabytes']:,.0f} MB are free. Nothing was made."
    )
    return Group(table, Text(total))
