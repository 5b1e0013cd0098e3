"""Manifests: what is recorded of a finished artifact."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from unicodedata import category

from pydantic import AfterValidator, TypeAdapter

from negmine.errors import CorruptArtifact
from negmine.storage.contents import HASH
from negmine.storage.small_json import read_sealed, write_sealed

MANIFEST = "_manifest.json"


class Stats(dict[str, Any]):
    """Counts of an artifact, as read from its manifest. A count that is missing is damage, not a KeyError."""

    owner = ""

    def __missing__(self, name: str) -> Any:
        raise CorruptArtifact(
            f"{self.owner} is damaged: it lacks {name!r}. Make the artifact again: give the command of its "
            "stage with --force."
        )


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
    manifest: int = 3


def read_manifest(path: Path) -> Manifest:
    """Read a manifest, also of version 1, which called the stage a room.

    Raises OSError where it cannot be opened; ValueError for what is no manifest, is altered, or names a part
    outside of its folder.
    """
    fields = read_sealed(path)
    if "room" in fields:
        fields["stage"] = fields.pop("room")
    manifest = _checked().validate_python(fields)
    if "stats" not in fields:
        raise ValueError("there are no counts")
    stats = Stats(manifest.stats)
    stats.owner = f"{manifest.artifact}/{MANIFEST}"
    return replace(manifest, stats=stats)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest atomically, with its checksum."""
    write_sealed(path, asdict(replace(manifest, stats=dict(manifest.stats))))


@cache
def _checked() -> TypeAdapter[Manifest]:
    """Return what checks the fields of a manifest; pydantic's errors are ValueErrors."""
    return TypeAdapter(Annotated[Manifest, AfterValidator(_with_sound_parts)])


def _with_sound_parts(manifest: Manifest) -> Manifest:
    if not manifest.parts:
        raise ValueError("it lists no parts, and no artifact is without")
    for part in manifest.parts:
        size, rows = part.get("bytes"), part.get("rows")
        if not is_size(size) or not (rows is None or is_size(rows)):
            raise ValueError("a part has no size, or its rows are no number")
        if not all(isinstance(part.get(name), str | None) for name in (HASH, "sha256")):
            raise ValueError("a hash of a part is no text")
        names = [part.get("file"), part.get("object", "object")]
        if not all(is_inside(name) and name != MANIFEST for name in names):
            raise ValueError("a part is no file of the artifact's folder")
    return manifest


def is_size(value: Any) -> bool:
    """Tell whether a value of JSON can be a number of bytes or rows."""
    return type(value) is int and 0 <= value < 1 << 62


def is_inside(name: Any) -> bool:
    """Tell whether a name is that of a file in a folder, or in one inside it: no way up or out.

    No file has control characters in its name, half characters, or 256 bytes and more in a part of it.
    """
    if not isinstance(name, str) or "\\" in name or {"Cc", "Cs"} & set(map(category, name)):
        return False
    parts = name.split("/")
    return not set(parts) & {"", ".", ".."} and max(len(one.encode()) for one in parts) < 256


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
