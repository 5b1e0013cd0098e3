"""How `init` looks: what the files hold, advice, and what to run next."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.cli.render.text import one_line


def init(written: dict[str, Any], width: int) -> RenderableType:
    """Show files with their rows and columns, advice, the file that was written and the next command."""
    rows = [
        (
            table["role"],
            one_line(table["file"].name),
            f"{'about ' if table['is_estimate'] else ''}{table['rows']:,}",
            one_line(_columns(table)),
        )
        for table in written["tables"]
    ]
    lines = [*written["advice"], "", f"{written['file']} is written. Next: {written['command']}"]
    header = ("", "file", "rows", "columns")
    return Group(grid(header, rows, width, left=2, wraps=True), "", *map(Text, lines))


def _columns(table: dict[str, Any]) -> str:
    """Return the columns that are used, each with what for, then the others."""
    used = table["used"]
    named = [f"{column} ({what})" if column != what else column for what, column in used.items()]
    others = [name for name in table["columns"] if name not in used.values()]
    return ", ".join([*named, *others])
