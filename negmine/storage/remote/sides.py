"""What lies beside the artifacts: settings, given tables, labels, rounds, trainings of `prove`, and the caches.

`_files.json` in the store lists each with the name of its object, bytes and sha256. It is written after the
objects that it lists, so all that it says is there. Objects are named by their content.
"""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from negmine.config.json_text import parsed
from negmine.data.identity import file_digest
from negmine.errors import CorruptArtifact
from negmine.storage.contents import HASH
from negmine.storage.files import TEMPORARY, atomic_path, new_folder
from negmine.storage.layout import CALLS, PAIR_SCORES, VECTORS
from negmine.storage.manifest import is_inside, is_size
from negmine.storage.remote.mirrors import Mirror, State
from negmine.storage.remote.names import OBJECT, SHA256
from negmine.storage.remote.store import Entry, Store
from negmine.storage.small_json import LARGEST, sealed, unsealed

FILES = "_files.json"
SMALL = ("settings.json", "sources/", "prove/")
SENT = (f"{VECTORS}/", f"{PAIR_SCORES}/")  # caches to which workers of other machines add
CACHES = (*SENT, f"{CALLS}/")
_SQLITE = ".sqlite"
_AT_ONCE = 32 << 20  # bytes
_SENT = re.compile(r"(.*)-([0-9a-f]{64})((?:\.[^/]*)?)")  # the object of a file


def bring_files(
    store: Store,
    mirror: Mirror,
    state: State,
    there: Mapping[str, Entry] | None,
    which: Sequence[str],
) -> None:
    """Have in the mirror the newest of these files and folders. What was changed here and not there, stays.

    there: all objects of the store; without it, what `state` has listed counts. Raises CorruptArtifact for an
    object that has not its sha256.
    """
    if there is not None:
        _read_list(store, state, there)
    names = [name for name in state.listed if name.startswith(tuple(which))]
    for name in names:
        listed, have = state.listed[name], state.files.get(name)
        path = mirror.folder / name
        if have is not None and have[0] == listed[SHA256] and path.exists():
            continue
        _fetch(store, path, listed)
        state.files[name] = (listed[SHA256], *_stamp(path))
    for name in [one for one in state.files if one.startswith(tuple(which))]:
        if name not in state.listed:
            (mirror.folder / name).unlink(missing_ok=True)
            del state.files[name]


def send_files(store: Store, mirror: Mirror, state: State) -> None:
    """Put into the store what was changed in the mirror; the list comes last."""
    here = dict(_files_here(mirror.folder, (*SMALL, *CACHES)))
    listed, files = _put_changed(store, state, here)
    for name in set(files) - set(here):
        del files[name]
        listed.pop(name, None)
    _write_list(store, state, listed)
    state.files = files


def send_cached(store: Store, mirror: Mirror, state: State) -> None:
    """Put into the store what was added to the caches in the mirror; another machine lists it (`list_sent`)."""
    here = dict(_files_here(mirror.folder, SENT))
    state.listed, state.files = _put_changed(store, state, here)


def list_sent(store: Store, state: State) -> None:
    """List what other machines have put into the caches; it is fetched when it is wanted."""
    sent = {}
    for folder in SENT:
        for key, entry in store.list(folder.rstrip("/")).items():
            match = _SENT.fullmatch(key)
            if match and (name := match[1] + match[3]) not in state.listed and _is_sound(name):
                sent[name] = {OBJECT: key, "bytes": entry.bytes, SHA256: match[2]}
    _write_list(store, state, {**state.listed, **sent})


def _put_changed(
    store: Store, state: State, here: Mapping[str, Path]
) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[str, int, int]]]:
    """Put those files into the store that were changed here; return what is listed, and files, after that."""
    listed = dict(state.listed)
    files = dict(state.files)
    for name, path in here.items():
        stamp = _stamp(path)
        if name in files and files[name][1:] == stamp:
            continue
        with _copy_of(path) as copy:
            size = copy.stat().st_size
            # a small file may be replaced meanwhile; large ones never change
            data = copy.read_bytes() if size < _AT_ONCE else copy
            digest = file_digest(data) if isinstance(data, Path) else sha256(data).hexdigest()
            if listed.get(name, {}).get(SHA256) != digest:
                target = _object_name(name, digest)
                store.put(target, data)
                listed[name] = {OBJECT: target, "bytes": size, SHA256: digest}
        files[name] = (digest, *stamp)
    return listed, files


def _write_list(store: Store, state: State, listed: dict[str, dict[str, Any]]) -> None:
    """Put the list into the store, unless it is there; remove the objects that only the one before lists."""
    if listed != state.listed:
        data = json.dumps(sealed({"files": listed}), indent=1).encode()
        store.put(FILES, data)
        state.version = f"ours {sha256(data).hexdigest()}"  # until the next command lists the store
        store.delete(_objects(state.listed) - {one[OBJECT] for one in listed.values()})
    state.listed = listed


def _read_list(store: Store, state: State, there: Mapping[str, Entry]) -> None:
    """Have in `state` what the store lists now; of one copied there by another tool, the small files."""
    entry = there.get(FILES)
    if state.version.startswith("ours "):
        return
    if entry is None:
        small = (name for name in there if name.startswith(SMALL) and _is_sound(name))
        state.listed = {
            name: {OBJECT: name, "bytes": there[name].bytes, SHA256: there[name].version}
            for name in small
        }
        return
    if entry.version == state.version:
        return
    try:
        if entry.bytes > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        files = unsealed(parsed(store.get(FILES)))["files"]
        entries = {name: _checked(name, one) for name, one in files.items()}
        state.listed = {name: one for name, one in entries.items() if _is_sound(name)}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptArtifact(
            f"{store.place(FILES)} is damaged ({error}). Remove this object: settings have to be given again, "
            "and what is made is kept."
        ) from error
    state.version = entry.version


def _checked(name: str, one: Any) -> dict[str, Any]:
    """Return what the list says of a file. Raises ValueError, KeyError or TypeError for what it cannot say."""
    if not is_inside(one[OBJECT]) or not is_size(one["bytes"]) or not isinstance(one[SHA256], str):
        raise ValueError(f"what it says of {name[:100]} is no object, size and hash")
    return dict(one)


def _fetch(store: Store, path: Path, listed: dict[str, Any]) -> None:
    name, digest = listed[OBJECT], listed[SHA256]
    new_folder(path.parent)
    if path.suffix == _SQLITE:
        for more in ("-wal", "-shm"):
            path.with_name(path.name + more).unlink(missing_ok=True)
    with atomic_path(path) as temporary:
        try:
            store.fetch(name, temporary, listed["bytes"])
        except FileNotFoundError:
            raise CorruptArtifact(f"{store.place(name)} is missing. {_remedy(path)}") from None
        if len(digest) == 64 and file_digest(temporary) != digest:
            raise CorruptArtifact(
                f"{store.place(name)} was changed after it was written: its sha256 is another. {_remedy(path)}"
            )


def _remedy(path: Path) -> str:
    return (
        f"Bring the object of {path.name} back, or remove {FILES} beside it: then settings have to be given "
        "again, and what is made is kept."
    )


def _files_here(folder: Path, tops: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Yield name and path of every complete file beside the artifacts. tops: files, and folders with `/`."""
    for top in tops:
        place = folder / top
        paths = [place] if place.is_file() else sorted(place.rglob("*"))
        for path in paths:
            if path.is_file() and not path.name.endswith((TEMPORARY, "-wal", "-shm", "-journal")):
                yield path.relative_to(folder).as_posix(), path


@contextmanager
def _copy_of(path: Path) -> Iterator[Path]:
    """Give a file that nobody changes: of a database a copy of what is committed; of others themselves."""
    if path.suffix != _SQLITE:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        yield copy


def _stamp(path: Path) -> tuple[int, int]:
    """Return bytes and time of a file; of a database, with what is not yet in its main file."""
    stats = [path.stat()]
    wal = path.with_name(f"{path.name}-wal")
    if path.suffix == _SQLITE and wal.exists():
        stats.append(wal.stat())
    return sum(one.st_size for one in stats), max(one.st_mtime_ns for one in stats)


def _object_name(name: str, digest: str) -> str:
    path = PurePosixPath(name)
    stem, dot, ends = path.name.partition(".")
    return str(path.with_name(f"{stem}-{digest}{dot}{ends}"))


def _objects(listed: Mapping[str, dict[str, Any]]) -> set[str]:
    """Return the objects of caches that `send_files` has named: a list may name others, which are not ours."""
    caches = {name: one for name, one in listed.items() if name.startswith(CACHES)}
    return {
        one[OBJECT]
        for name, one in caches.items()
        if one[OBJECT] == _object_name(name, one[SHA256])
    }


def _is_sound(name: str) -> bool:
    """Tell whether a name of the list is that of a file below the work directory."""
    is_ours = name == SMALL[0] or name.startswith((*SMALL[1:], *CACHES))
    return is_ours and is_inside(name) and not name.endswith((TEMPORARY, f"/{HASH}"))
