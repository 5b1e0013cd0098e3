"""Which objects of a listing belong to an artifact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from negmine.storage.manifest import MANIFEST, Manifest
from negmine.storage.remote.names import OBJECT, Named, read_name
from negmine.storage.workdir import Workdir


def key_of(artifact: str, part: dict[str, Any]) -> str:
    """Return the object of a part; a work directory that another tool copied has it under its own name."""
    return f"{artifact}/{part.get(OBJECT) or part['file']}"


def keys_of(manifest: Manifest | None) -> set[str]:
    """Return the objects that a manifest lists."""
    if manifest is None:
        return set()
    return {key_of(manifest.artifact, part) for part in manifest.parts}


def listed_below(work: Workdir) -> set[str]:
    """Return the objects that the manifests of a work directory list."""
    listed: set[str] = set()
    for depth in ("[0-9]*/*", "[0-9]*"):
        for path in work.root.glob(f"{depth}/{MANIFEST}"):
            listed |= keys_of(work.manifest(path.parent.relative_to(work.root).as_posix()))
    return listed


def attempts(there: Iterable[str], artifact: str) -> Iterator[tuple[str, Named]]:
    """Yield the objects that attempts have left in the folder of an artifact, listed or not."""
    alone = "/" in artifact  # else the folders of other artifacts lie in it
    for key in there:
        rest = key.removeprefix(f"{artifact}/")
        if rest != key and (alone or "/" not in rest) and (named := read_name(rest)):
            yield key, named
