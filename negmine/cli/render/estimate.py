"""How the estimate of `mine --dry-run` looks: what would be made, how long, how much space."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.config.naming import counted

_HEADER = ("artifact", "state", "rows", "seconds", "MB")


def estimate(costs: dict[str, Any], width: int) -> RenderableType:
    """Show a line for each artifact, the totals, and what would be sent to an endpoint."""
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
    size = f"{counted(costs['documents'], 'documents')}, {counted(costs['queries'], 'queries')}"
    total = (
        f"{size}: about {costs['seconds']:,} s and {costs['megabytes']:,} MB at most; "
        f"{costs['free_megabytes']:,.0f} MB are free. Nothing was made."
    )
    shown = [grid(_HEADER, rows, width, left=2), Text(total)]
    if encoded := [_encoded(row) for row in costs["artifacts"] if row["texts"]]:
        shown.append(Text("Models encode at most: " + "; ".join(encoded) + "."))
    if costs["embedding"] is not None:
        shown.append(Text(_sent(costs["embedding"])))
    return Group(*shown)


def _encoded(row: dict[str, Any]) -> str:
    tokens = f", with about {row['tokens']:,} vectors of tokens" if row["tokens"] else ""
    return f"{counted(row['texts'], 'texts')} for {row['artifact']}{tokens}"


def _sent(cost: dict[str, int]) -> str:
    return (
        f"To --model-url would go {counted(cost['texts'], 'texts')}, about {cost['tokens']:,} tokens, in "
        f"{counted(cost['requests'], 'requests')}; {counted(cost['stored'], 'texts')} have vectors already. "
        "Nothing was sent."
    )
