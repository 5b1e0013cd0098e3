"""--since across stores: an old work directory here or on a store, and a new one that is elsewhere.

What no command changes any more is taken over: artifacts by their manifests, with the objects' sha256 compared
where they pass this machine; then given tables, labels, rounds, trainings and caches. Between two addresses
of one kind of store, parts are copied inside the store.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from negmine.storage.files import new_folder
from negmine.storage.json_lines import pending_name
from negmine.storage.layout import CALLS, CARD, PAIR_SCORES, VECTORS
from negmine.storage.linking import linked
from negmine.storage.manifest import MANIFEST, Manifest, write_manifest
from negmine.storage.remote.manifests import put_manifest
from negmine.storage.remote.names import OBJECT, SHA256, object_name
from negmine.storage.remote.objects_of import key_of
from negmine.storage.remote.workdir import SIDE_BY_SIDE, RemoteWorkdir
from negmine.storage.workdir import PARTIAL, Workdir

BESIDE = ("sources", "prove")
FILLING = "_filling.json"  # an object that is there as long as a new work directory is being filled


def fill_folder(old: RemoteWorkdir, new: Workdir) -> None:
    """Fill a folder that is no work directory yet from one on a store."""
    for manifest in _artifacts(old):
        partial = new_folder(new.local(manifest.artifact) / PARTIAL)
        for file, part in zip(old.part_files(manifest.artifact), manifest.parts, strict=True):
            target = partial / pending_name(part["file"], manifest.identity)
            linked(str(file), str(new_folder(target.parent) / target.name))
        parts = [_without(part, OBJECT, SHA256) for part in manifest.parts]
        new.commit(replace(manifest, parts=parts))
    _copy_beside(old, new)


def fill_store(old: Workdir, new: RemoteWorkdir, note: Callable[[str], None]) -> None:
    """Fill an address from a folder or another address; killed, the same command goes on.

    Raises Locked where the new work directory, or an old folder, is in use.
    """
    with nullcontext() if isinstance(old, RemoteWorkdir) else old.lock(), new.hold():
        new.store.put(FILLING, b"{}")
        for manifest in _artifacts(old):
            if new.manifest(manifest.artifact) is None:
                _send_artifact(old, new, manifest)
        _copy_beside(old, new)
        new.send()
        new.store.delete([FILLING])
    note(f"{new.name} starts from {old.name}: what still fits is not made again")


def is_filled(work: RemoteWorkdir) -> bool:
    """Tell whether a work directory at an address has begun, and not just to be filled."""
    return work.exists() and not work.has(FILLING)


def _artifacts(old: Workdir) -> list[Manifest]:
    """Return the manifests of what is taken over: training files are left out, as in clone.py."""
    names = (
        path.parent.relative_to(old.shared).as_posix()
        for path in sorted(old.shared.glob(f"*/*/{MANIFEST}"))
    )
    manifests = (old.manifest(name) for name in names if not name.startswith(CARD))
    return [one for one in manifests if one is not None and old.whole(one)]


def _send_artifact(old: Workdir, new: RemoteWorkdir, manifest: Manifest) -> None:
    name = manifest.artifact
    is_inside = isinstance(old, RemoteWorkdir) and old.store.is_like(new.store)
    listed = all(SHA256 in part and OBJECT in part for part in manifest.parts)
    if isinstance(old, RemoteWorkdir) and is_inside and listed:
        source = old.store

        def copy(part: dict[str, Any]) -> dict[str, Any]:
            key = key_of(name, part)
            new.store.copy(source.place(key), key)
            return part

        parts = _each(copy, manifest.parts)
    else:
        files = dict(
            zip((part["file"] for part in manifest.parts), old.part_files(name), strict=True)
        )

        def send(part: dict[str, Any]) -> dict[str, Any]:
            digest = new.put_file(name, part["file"], manifest.identity, files[part["file"]])
            return {
                **part,
                SHA256: digest,
                OBJECT: object_name(part["file"], manifest.identity, digest),
            }

        parts = _each(send, manifest.parts)
    made = replace(manifest, parts=parts)
    put_manifest(new.store, made)
    write_manifest(new_folder(new.root / name) / MANIFEST, made)


def _copy_beside(old: Workdir, new: Workdir) -> None:
    """Copy what lies beside the artifacts, settings not: the new work directory has its own."""
    for name in (VECTORS, PAIR_SCORES, CALLS):
        _copy_folder(old.cache(name), new.root / name)
    for name in BESIDE:
        _copy_folder(old.shared / name, new.root / name)


def _copy_folder(old: Path, new: Path) -> None:
    if old.is_dir():
        shutil.copytree(
            old,
            new,
            copy_function=linked,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("*.tmp"),
        )


def _each(
    work: Callable[[dict[str, Any]], dict[str, Any]], parts: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(work, parts))


def _without(part: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in names}
