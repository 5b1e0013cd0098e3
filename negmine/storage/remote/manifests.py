"""Manifests of a remote work directory: brought into its mirror, and put into the store last of all."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from negmine.config.secrets import redacted
from negmine.storage.files import atomic_write, new_folder
from negmine.storage.manifest import MANIFEST, Manifest, is_inside, read_manifest
from negmine.storage.remote.mirrors import Mirror, State
from negmine.storage.remote.store import Entry, Store
from negmine.storage.small_json import LARGEST, sealed

_PLACE = re.compile(rf"\d+-[^/\\]+(/[^/\\]+)?/{MANIFEST}")


def bring_manifests(store: Store, mirror: Mirror, state: State, there: Mapping[str, Entry]) -> None:
    """Have in the mirror the manifests that the store has, and no other. there: all objects of the store."""
    wanted = {name: there[name].version for name in there if _is_manifest(name)}
    for name in set(state.manifests) - set(wanted):
        (mirror.folder / name).unlink(missing_ok=True)
        del state.manifests[name]
    for name, version in wanted.items():
        if state.manifests.get(name) != version or not (mirror.folder / name).exists():
            try:
                data = store.get(name) if there[name].bytes <= LARGEST else b""  # nothing: damaged
            except FileNotFoundError:
                continue  # another command removes it just now: the next one sees that
            _replace(mirror.folder / name, data)
            state.manifests[name] = version


def put_manifest(store: Store, manifest: Manifest) -> None:
    """Write a manifest into the store, in one go."""
    value = sealed(asdict(replace(manifest, stats=dict(manifest.stats))))
    text = redacted(json.dumps(value, indent=2, ensure_ascii=False))
    store.put(f"{manifest.artifact}/{MANIFEST}", text.encode())


def forget_all(mirror: Mirror, state: State) -> None:
    """Empty a mirror whose work directory is gone from the store."""
    if not state.manifests and not state.files:
        return
    for entry in mirror.folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        elif not entry.name.startswith(".lock"):
            entry.unlink(missing_ok=True)
    state.manifests, state.files, state.listed, state.version = {}, {}, {}, ""


def _is_manifest(name: str) -> bool:
    return _PLACE.fullmatch(name) is not None and is_inside(name)


def _replace(path: Path, data: bytes) -> None:
    """Put a manifest in place of an older one, and drop the files that only the older one listed."""
    old = _parts(path)
    new_folder(path.parent)
    with atomic_write(path) as stream:
        stream.write(data)
    new = _parts(path)
    for file, part in old.items():
        if new.get(file) != part:
            (path.parent / file).unlink(missing_ok=True)


def _parts(path: Path) -> dict[str, tuple[object, ...]]:
    """Return what a manifest says of the content of each file; nothing of one that cannot be read."""
    try:
        manifest = read_manifest(path)
    except (OSError, ValueError):
        return {}
    return {part["file"]: (part["bytes"], part.get("xxh3")) for part in manifest.parts}
