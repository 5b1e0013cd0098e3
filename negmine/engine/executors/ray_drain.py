"""Nodes that are being taken back (spot machines): parts under way finish there, others go elsewhere."""

from __future__ import annotations

import time
from typing import Any

import ray
from ray._private.state import state

from negmine.engine.progress import Progress

EVERY_S = 0.25  # seconds between two looks: a notice may be short


class Drains:
    """Looks which nodes are told that they end, and tells the user of each, once."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._nodes: dict[str, Any] = {}
        self._looked_at = 0.0

    def look(self) -> None:
        """Look again, no oftener than every EVERY_S."""
        if time.monotonic() - self._looked_at < EVERY_S:
            return
        self._looked_at = time.monotonic()
        new = set(state.get_draining_nodes()) - set(self._nodes)
        for node in ray.nodes() if new else ():  # type: ignore[no-untyped-call]
            if node["NodeID"] in new and node["Alive"]:
                self._nodes[node["NodeID"]] = node
                self._progress.note(
                    f"node {node['NodeManagerAddress']} is being taken back: parts that it makes may finish, "
                    "others go elsewhere"
                )

    def __contains__(self, node: str) -> bool:
        return node in self._nodes
