"""Manifests: what is recorded of a finished artifact."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

MANIFEST = "_manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What `_manifest.json` records of a finished artifact."""

    artifact: str
    stage: str
    schema: str | None
    identity: str
    revision: int
    settings: dict[str, Any]
    inputs: dict[str, str]
    rows: int
    seconds: float
    parts: list[dict[str, Any]]
    stats: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    made_at: str = ""
    manifest: int = 2

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest, also of version 1, which called the stage a room.

        Raises ValueError or TypeError for what is no manifest, or names a part outside of its folder.
        """
        fields = json.loads(text)
        if "room" in fields:
            fields["stage"] = fields.pop("room")
        manifest = cls(**fields)
        if not all(_is_plain(part["file"]) for part in manifest.parts):
            raise ValueError("a part is not in the folder of the artifact")
        return manifest


def _is_plain(name: Any) -> bool:
    """Tell whether a name is that of a file in a folder: no path, no way up."""
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\\0")


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
