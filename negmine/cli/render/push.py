"""How `push` looks: the folders that are sent, then where they are."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.cli.render.text import printable
from negmine.config.naming import counted


def push(sent: dict[str, Any], width: int) -> RenderableType:
    """Show a row for each folder, what was removed, and the address."""
    count = counted(len(sent["files"]), "files")
    kind = "private" if sent["private"] else "public"
    if sent["sent"]:
        new = "new " if sent["created"] else ""
        last = f"Sent {count} to the {new}{kind} repository {sent['url']} (commit {sent['commit'][:12]})."
    else:
        last = f"Would send {count} to {sent['url']}, {kind} if it is new. Nothing was sent."
    removed = [f"Removed there, of an earlier push: {name}" for name in sent.get("removed", [])]
    return Group(_folders(sent, width), "", *(Text(printable(line)) for line in [*removed, last]))


def _folders(sent: dict[str, Any], width: int) -> RenderableType:
    by_folder: dict[str, list[int]] = defaultdict(list)
    for one in sent["files"]:
        folder, slash, _ = one["file"].rpartition("/")
        by_folder[f"{folder}/" if slash else one["file"]].append(one["bytes"])
    rows = [(name, f"{len(sizes):,}", f"{sum(sizes):,}") for name, sizes in by_folder.items()]
    return grid(("sent", "files", "bytes"), rows, width)
