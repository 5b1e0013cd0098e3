"""A work directory on a store: `s3://bucket/work`.

Stages work in a mirror, a folder of this machine. Each part is put into the store as soon as it is there, under
a name that nothing else has; the manifest comes last. Readers bring manifests and settings into the mirror when
they open the work directory, and each part when it is read; its sha256 is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import RLock
from typing import Any

import pyarrow as pa

from negmine.config.addresses import Address
from negmine.data.identity import file_digest
from negmine.errors import CorruptArtifact, Locked, NegmineError, WorkdirError
from negmine.storage.chunks import is_shared
from negmine.storage.contents import Verify, forget_hash, is_altered, record_hash
from negmine.storage.files import atomic_path, new_folder
from negmine.storage.json_lines import JSON_LINES, pending_name
from negmine.storage.manifest import MANIFEST, Manifest
from negmine.storage.parquet import PARQUET, part_name
from negmine.storage.remote import beats, orphans
from negmine.storage.remote.cache import make_room
from negmine.storage.remote.listing import Listing
from negmine.storage.remote.manifests import bring_manifests, forget_all, put_manifest
from negmine.storage.remote.mirrors import Mirror
from negmine.storage.remote.names import OBJECT, SHA256, object_name, read_name
from negmine.storage.remote.objects_of import attempts, key_of, keys_of, listed_below
from negmine.storage.remote.sides import FILES, SMALL, bring_files, send_files
from negmine.storage.remote.store import Store
from negmine.storage.workdir import PARTIAL, Workdir

SIDE_BY_SIDE = 8  # objects that are fetched or put at once
ROOM = 1 << 30  # bytes of the cache that are asked for at a time


class RemoteWorkdir(Workdir):
    """The work directory at an address. `root` is its mirror. What it raises names bucket and key.

    Opening it lists the store once. The object keeps that list, and adds what it puts itself.
    """

    def __init__(self, address: Address, sizes: dict[str, int] | None = None) -> None:
        self.store, self.mirror = Store(address), Mirror(address)
        super().__init__(self.mirror.folder, str(address))
        self._held: beats.Held | None = None
        self.sending, self._room = RLock(), 0
        self.listing = Listing(self.store, sizes)
        self.is_guest = False  # a command of this machine writes, and the mirror is its own
        self.begun = set[str]()  # artifacts whose beginning was fetched from another machine
        if sizes is None:
            self._bring(own=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened_again, (self.store.address, self.listing.sizes, self.verify)

    @property
    def place(self) -> Path:
        """The address."""
        return self.store.address

    def shown(self, path: Path) -> str:
        """Return the address of a file of the mirror."""
        inside = path.is_relative_to(self.root)
        return (
            str(self.store.place(path.relative_to(self.root).as_posix())) if inside else str(path)
        )

    def exists(self) -> bool:
        """Tell whether this is a work directory that a command has begun to fill."""
        return super().exists() or any(_is_ours(name) for name in self.listing.sizes)

    def create(self) -> None:
        """Refuse an address that is full of something else."""
        names = self.listing.sizes
        others = [name for name in names if not name.startswith(f"{beats.FOLDER}/")]
        if others and not self.exists():
            raise WorkdirError(
                f"{self.name} is not empty and no work directory of negmine: it has {others[0]}. Name an "
                "address where nothing is."
            )
        new_folder(self.root)

    def cache(self, name: str) -> Path:
        """Return the folder of a cache, with all that the store has of it."""
        if self.is_guest and is_shared():
            return super().cache(name)  # the command whose mirror it is has brought it
        with self.mirror.pulling(own=True), self.sending:
            state = self.mirror.state()
            bring_files(self.store, self.mirror, state, None, [f"{name}/"])
            self.mirror.save(state)
        return super().cache(name)

    # -- the lock ----------------------------------------------------------------------------

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the work directory for one writer, here and on the store; raises Locked."""
        with self._of_this_machine(), self.mirror.writing():
            name = self.mirror.state().name
            with beats.held(self.store, name, self.remote.note, self._send_quietly) as self._held:
                self._bring(own=True)
                try:
                    yield
                except BaseException as error:  # also Ctrl-C: what was encoded or paid for is kept
                    self._send_quietly()
                    if isinstance(error, NegmineError):
                        self._held.leaves_nothing = not self._has_something()
                    raise
                finally:
                    held, self._held = self._held, None
                self.send()
                kept = {one[OBJECT] for one in self.mirror.state().listed.values()}
                orphans.collect(self.store, kept | listed_below(self), held.name)

    def kept(self) -> None:
        """Put what was written beside the artifacts into the store; note where another command holds it."""
        try:
            with nullcontext() if self._held is not None else self.lock():
                self.send()
        except Locked as error:
            self.remote.note(
                f"A result is on this machine until the next command that writes: {error}"
            )

    @contextmanager
    def _of_this_machine(self) -> Iterator[None]:
        local = super().lock()
        try:
            local.__enter__()
        except Locked as error:
            raise Locked(str(error).replace(str(self.root), self.name, 1)) from None
        try:
            yield
        finally:
            local.__exit__(None, None, None)

    def _has_something(self) -> bool:
        return any(not name.startswith(f"{beats.FOLDER}/") for name in self.store.list())

    def _bring(self, own: bool) -> None:
        """List the store, and bring into the mirror what every command reads."""
        with self.mirror.pulling(own) as may, self.sending:
            there = self.listing.renew()
            self.is_guest = not may
            if not may:  # what the command that writes has in the mirror is the newest
                return
            state = self.mirror.state()
            if not own and not there:
                forget_all(self.mirror, state)
            state.version = "" if state.version.startswith("ours ") else state.version
            bring_manifests(self.store, self.mirror, state, there)
            bring_files(self.store, self.mirror, state, there, SMALL)
            self.mirror.save(state)

    def send(self) -> None:
        """Put into the store what lies beside the artifacts and was changed."""
        with self.sending:
            state = self.mirror.state()
            send_files(self.store, self.mirror, state)
            self.mirror.save(state)

    def _send_quietly(self) -> None:
        with suppress(NegmineError, OSError):
            self.send()

    # -- reading -----------------------------------------------------------------------------

    def whole(self, manifest: Manifest) -> bool:
        """Tell whether every part that the manifest lists is in the store in its full size."""
        refused = self.mirror.state().refused
        return all(self._is_there(manifest.artifact, part, refused) for part in manifest.parts)

    def part_files(self, name: str) -> list[Path]:
        """Return the listed parts of a finished artifact, several fetched at once."""
        manifest = self.require(name)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return list(pool.map(lambda part: self._sound(manifest, part), manifest.parts))

    def places(self, name: str) -> list[Path]:
        """Return the addresses of the listed parts; raise CorruptArtifact where one is not in the store."""
        manifest = self.require(name)
        if not self.whole(manifest):
            self.part_files(name)
        return [self.store.place(key_of(name, part)) for part in manifest.parts]

    def altered(self, name: str, verify: Verify | None = None) -> list[Path]:
        """Return the files of an artifact that the store has no more, or not in their size.

        verify: with `all`, each object is fetched and its sha256 compared.
        """
        refused = self.mirror.state().refused
        altered = []
        for path, part in self._listed(name).items():
            there = self._is_there(name, part, refused)
            if not there or (verify == "all" and self._is_changed(name, path, part)):
                altered.append(path)
        return altered

    def forget(self, name: str) -> None:
        """Have a damaged artifact made again: without its altered objects; a run takes up the others again."""
        altered = self.altered(name)
        keys = []
        for path, part in self._listed(name).items():
            if path in altered:
                path.unlink(missing_ok=True)
                keys.append(key_of(name, part))
            elif path.exists():
                record_hash(path)
        (self.root / name / MANIFEST).unlink(missing_ok=True)
        self.listing.drop([*keys, f"{name}/{MANIFEST}"])

    def _sound(self, manifest: Manifest, part: dict[str, Any]) -> Path:
        """Return the file of a part, fetched unless it is here; raise CorruptArtifact."""
        path: Path = self.folder(manifest.artifact) / part["file"]
        if is_altered(path, part, self.verify):
            self._fetch(manifest.artifact, part, path)
        return path

    def _fetch(self, artifact: str, part: dict[str, Any], path: Path) -> None:
        """Write the object of a part into a file. Raises CorruptArtifact where it is missing or changed."""
        key = key_of(artifact, part)
        again = f"Make it again: negmine {artifact.split('/')[0].split('-', 1)[1]} {self.name}"
        self._make_room(int(part["bytes"]))
        new_folder(path.parent)
        with atomic_path(path) as temporary:
            try:
                self.store.fetch(key, temporary, part["bytes"])
            except FileNotFoundError:
                self._refuse(key)
                raise CorruptArtifact(f"{self.store.place(key)} is missing. {again}") from None
            wanted = part.get(SHA256)
            if file_digest(temporary) != wanted if wanted else is_altered(temporary, part):
                self._refuse(key)
                raise CorruptArtifact(
                    f"{self.store.place(key)} was changed after it was written: its sha256 is another. {again}"
                )

    def _is_changed(self, artifact: str, path: Path, part: dict[str, Any]) -> bool:
        try:
            self._fetch(artifact, part, path)
        except CorruptArtifact:
            return True
        return False

    def _is_there(self, artifact: str, part: dict[str, Any], refused: Sequence[str]) -> bool:
        key = key_of(artifact, part)
        return self.listing.sizes.get(key) == part["bytes"] and key not in refused

    def _refuse(self, key: str) -> None:
        with self.sending:
            state = self.mirror.state()
            state.refused = [*state.refused, key]
            self.mirror.save(state)

    def _make_room(self, size: int) -> None:
        """Have room for bytes in the cache; asked for in large pieces, since all copies are counted."""
        with self.sending:
            if size > self._room:
                self._room = max(size, min(ROOM, size * 64))
                make_room(self._room, self.name)
            self._room -= size

    # -- writing -----------------------------------------------------------------------------

    def write_part(
        self, name: str, number: int, table: pa.Table, identity: str, kind: str = PARQUET
    ) -> None:
        """Write one part into the mirror, then into the store."""
        super().write_part(name, number, table, identity, kind)
        file = part_name(number, kind)
        path = self.local(name) / PARTIAL / pending_name(file, identity)
        self.put_file(name, file, identity, path)
        if is_shared() and not self.is_guest:  # the command that fetches it has another mirror
            forget_hash(path)
            path.unlink()

    def find_part(self, name: str, number: int, identity: str) -> Path | None:
        """Return part `number` of this identity, fetched where an earlier run has left it in the store."""
        path = super().find_part(name, number, identity)
        if path is not None:
            return path
        for file in (part_name(number, JSON_LINES), part_name(number)):
            if (found := self.bring_attempt(name, file, identity)) is not None:
                return found
        return None

    def has_part(self, name: str, number: int, identity: str) -> bool:
        """Tell whether an earlier run has left part `number` of this identity, here or in the store."""
        return super().find_part(name, number, identity) is not None

    def _numbers_done(self, name: str, identity: str) -> set[int]:
        files = {file for file, one in self.listing.left(name) if one == identity}
        numbers = {int(file[5:10]) for file in files if file.startswith("part-")}
        return super()._numbers_done(name, identity) | numbers

    def describe(self, name: str, files: list[str] | None, identity: str) -> list[dict[str, Any]]:
        """Describe finished files for a manifest, with object and sha256."""
        partial, folder = self.local(name) / PARTIAL, self.folder(name)
        missing = [
            file
            for file in files or ()
            if not ((partial / pending_name(file, identity)).exists() or (folder / file).exists())
        ]
        self._bring_attempts(name, missing, identity)
        parts = super().describe(name, files, identity)
        for part in parts:
            new = partial / pending_name(part["file"], identity)
            part[SHA256] = file_digest(new if new.exists() else folder / part["file"])
            part[OBJECT] = object_name(part["file"], identity, part[SHA256])
        return parts

    def commit(self, manifest: Manifest) -> Manifest:
        """Put what the store has not yet, then the manifest; then do the same in the mirror."""
        name, identity = manifest.artifact, manifest.identity
        partial = self.local(name) / PARTIAL

        def put(part: dict[str, Any]) -> None:
            new = partial / pending_name(part["file"], identity)
            path = new if new.exists() else self.folder(name) / part["file"]
            if self.listing.sizes.get(key_of(name, part)) != part["bytes"]:
                self.put_file(name, part["file"], identity, path)

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(put, manifest.parts))
        self.send()
        self._check()
        put_manifest(self.store, manifest)
        return super().commit(manifest)

    def discard(self, name: str) -> None:
        """Remove what an attempt left unfinished, here and in the store."""
        super().discard(name)
        listed = keys_of(self.manifest(name))
        left = (key for key, _ in attempts(self.listing.sizes, name))
        self.listing.drop(key for key in left if key not in listed)

    def has(self, key: str) -> bool:
        """Tell whether the store had an object when it was listed."""
        return key in self.listing.sizes

    def put_file(self, name: str, file: str, identity: str, path: Path) -> str:
        """Put a file of an artifact into the store; return its sha256."""
        if self._held is not None and self._held.is_lost:
            self._held.check()
        digest = file_digest(path)
        key = f"{name}/{object_name(file, identity, digest)}"
        if self.listing.sizes.get(key) != path.stat().st_size:
            self.store.put(key, path)
            self.listing.put(key, path.stat().st_size)
        return digest

    def _check(self) -> None:
        if self._held is not None:
            self._held.check()

    def _bring_attempts(self, name: str, files: Sequence[str], identity: str) -> None:
        """Fetch what earlier runs, and other machines that work for this command, have put."""
        if any((file, identity) not in self.listing.left(name) for file in files):
            self.listing.look_again(name)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(lambda file: self.bring_attempt(name, file, identity), files))

    def bring_attempt(self, name: str, file: str, identity: str) -> Path | None:
        """Fetch what an earlier run has put of a file, into the unfinished folder; None where it has not."""
        found = self.listing.left(name).get((file, identity))
        if found is None:
            return None
        key, named = found
        path = self.local(name) / PARTIAL / pending_name(file, identity)
        part = {"file": file, OBJECT: key.removeprefix(f"{name}/"), SHA256: named.sha256}
        try:
            self._fetch(name, {**part, "bytes": self.listing.sizes[key]}, path)
        except CorruptArtifact:  # made again
            return None
        record_hash(path)
        return path


def _is_ours(name: str) -> bool:
    return name == FILES or name.endswith(f"/{MANIFEST}") or read_name(name) is not None


def _opened_again(address: Address, sizes: dict[str, int], verify: Verify) -> RemoteWorkdir:
    """Return the work directory as another process had it, without asking the store."""
    work = RemoteWorkdir(address, sizes)
    work.verify = verify
    return work
