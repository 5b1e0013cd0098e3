"""A work directory on disk: paths, atomic parts, manifests.

An artifact is a folder with `part-00000.parquet ...` (or `.jsonl`, or an index's own files) and
`_manifest.json`, which is written last and is the only proof that the artifact is complete. New parts gather
in `.partial/` inside the folder, so that an old artifact stays whole until its successor is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.config.addresses import Address
from negmine.errors import CorruptArtifact, MissingArtifact, NegmineError, WorkdirError
from negmine.storage.contents import (
    HASH,
    Verify,
    content_hash,
    forget_hash,
    has_recorded_hash,
    is_altered,
    move_hash,
    record_hash,
)
from negmine.storage.digests import Digests
from negmine.storage.files import atomic_write, new_folder, sync_file, sync_folder
from negmine.storage.folders import files_in, refuse_file, refuse_links, size_of
from negmine.storage.json_lines import JSON_LINES, pending_name, write_lines
from negmine.storage.layout import QRELS, stage_of
from negmine.storage.leftovers import DIGESTS, LOCK, remove_leftovers, remove_temporaries
from negmine.storage.locks import locked
from negmine.storage.manifest import MANIFEST, Manifest, read_manifest, write_manifest
from negmine.storage.parquet import (
    PARQUET,
    identity_of_part,
    part_name,
    read_part,
    rows_of,
    with_identity,
    write_table,
)
from negmine.storage.remote.remote import Remote

PARTIAL = ".partial"


class Workdir:
    """One work directory. Knows files, not what they mean.

    root: the local folder of lock and caches. name: what `open_workdir` opens it by, and messages call it;
    root's path, where a storage does not say otherwise. verify: what is compared with a manifest before a file
    is read: `all` its hash, `sizes` its size alone.
    """

    verify: Verify = "all"

    def __init__(self, root: Path | str, name: str | None = None) -> None:
        self.root = Path(root)
        self.name = str(root) if name is None else name
        self.digest = Digests(self.root / DIGESTS)
        self.remote = Remote()

    def digest_of(self, path: Path) -> str:
        """Return what identifies the content of a file: its sha256; of an address, what its server says."""
        return self.remote.version(path) if isinstance(path, Address) else self.digest(path)

    @property
    def shared(self) -> Path:
        """The folder of settings, manifests and finished parts."""
        return self.root

    def local(self, name: str) -> Path:
        """Return the folder in which an artifact is made."""
        return self.root / name

    def folder(self, name: str) -> Path:
        """Return the folder from which an artifact such as `2-retrieve/bm25` is read."""
        return self.root / name

    def cache(self, name: str) -> Path:
        """Return the folder of a cache (VECTORS, PAIR_SCORES, CALLS) for a command that makes something."""
        return self.root / name

    def kept(self) -> None:
        """Have what a command wrote beside the artifacts, without the lock, where others find it."""

    def shown(self, path: Path) -> str:
        """Return what a message calls a file of the work directory."""
        return str(path)

    @property
    def place(self) -> Path:
        """Where the work directory lies: a folder, or an address."""
        return self.root

    def lock(self) -> AbstractContextManager[None]:
        """Return what holds the work directory for one writer; raises Locked."""
        return locked(self.root)

    def create(self) -> None:
        """Make the directory; refuse a folder that is full of something else."""
        self._refuse_others(self.root)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkdirError(f"Cannot make {self.root}: {error.strerror}.") from error

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Make the directory, and hold it for one writer while the block runs.

        A first command that fails, and has nothing to keep, leaves nothing behind. Raises Locked.
        """
        is_new = not self.root.exists()
        self.create()
        self.refuse_links()
        with self.lock():
            remove_temporaries(self.root)
            try:
                yield
            except NegmineError:
                remove_leftovers(self.root, is_new)
                raise

    def exists(self) -> bool:
        """Tell whether this is a work directory that a command has begun to fill."""
        return any(
            (self.shared / mark).exists() for mark in ("settings.json", "1-index", "sources")
        )

    def refuse_links(self) -> None:
        """Raise WorkdirError for a link inside the work directory."""
        refuse_links(self.root)

    def _refuse_others(self, folder: Path) -> None:
        """Raise WorkdirError for a file, or a folder that is full of something else."""
        refuse_file(folder)
        if folder.is_dir() and any(folder.iterdir()) and not self._is_ours():
            raise WorkdirError(
                f"{folder} is not empty and no work directory of negmine. Name an empty or a new folder."
            )

    def _is_ours(self) -> bool:
        return self.exists() or (self.shared / LOCK).exists()

    # -- manifests ---------------------------------------------------------------------------

    def manifest(self, name: str) -> Manifest | None:
        """Return the manifest of a finished artifact, or None; one that is damaged proves nothing.

        Nor does one of another artifact. Raises OSError for one that is there and cannot be read.
        """
        try:
            manifest = read_manifest(self.shared / name / MANIFEST)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        return manifest if (manifest.artifact, manifest.stage) == (name, stage_of(name)) else None

    def is_damaged(self, name: str) -> bool:
        """Tell whether there is a manifest that cannot be read."""
        return (self.shared / name / MANIFEST).exists() and self.manifest(name) is None

    def require(self, name: str) -> Manifest:
        """Return the manifest of `name`; raise where there is none, or a damaged one."""
        manifest = self.manifest(name)
        if manifest is None:
            again = f"Run: negmine {stage_of(name)} {self.name}"
            if self.is_damaged(name):
                raise CorruptArtifact(
                    f"{self.shown(self.shared / name / MANIFEST)} is damaged. {again}"
                )
            raise MissingArtifact(f"{name} does not exist. {again}")
        return manifest

    def whole(self, manifest: Manifest) -> bool:
        """Tell whether every part that the manifest lists lies there in its full size."""
        folder = self.shared / manifest.artifact
        return all(size_of(folder / part["file"]) == part["bytes"] for part in manifest.parts)

    # -- reading -----------------------------------------------------------------------------

    def part_files(self, name: str) -> list[Path]:
        """Return the listed parts of a finished artifact; raise where one is missing or altered."""
        manifest = self.require(name)
        return [self._sound(manifest, part) for part in manifest.parts]

    def places(self, name: str) -> list[Path]:
        """Return where the listed parts lie for other programs: files, or addresses; raise as `part_files`."""
        return self.part_files(name)

    def opened(self, name: str) -> Path:
        """Return the folder of an artifact with files of its own; raise where one is missing or altered."""
        self.part_files(name)
        return self.folder(name)

    def altered(self, name: str, verify: Verify | None = None) -> list[Path]:
        """Return the files of a finished artifact that are missing, or have not the bytes that were written.

        verify: what to compare; without it, as the work directory does.
        """
        how = verify or self.verify
        listed = self._listed(name)
        return [path for path, part in listed.items() if is_altered(path, part, how)]

    def _listed(self, name: str) -> dict[Path, dict[str, Any]]:
        """Return what a manifest says of each file that it lists; nothing where there is no manifest."""
        manifest = self.manifest(name)
        parts = [] if manifest is None else manifest.parts
        return {self.folder(name) / part["file"]: part for part in parts}

    def forget(self, name: str) -> None:
        """Have a damaged artifact made again: without its altered files; a run takes up the others again.

        The caller holds the lock.
        """
        altered = self.altered(name)
        for path in self._listed(name):
            if path in altered:
                path.unlink(missing_ok=True)
            else:
                record_hash(path)
        (self.shared / name / MANIFEST).unlink(missing_ok=True)

    def read(self, name: str, number: int, columns: list[str] | None = None) -> pl.DataFrame:
        """Return part `number` of an artifact."""
        manifest = self.require(name)
        return read_part(self._sound(manifest, manifest.parts[number]), columns)

    def parts(self, name: str, columns: list[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yield every part of an artifact, one at a time."""
        manifest = self.require(name)
        for part in manifest.parts:
            yield read_part(self._sound(manifest, part), columns)

    def _sound(self, manifest: Manifest, part: dict[str, Any]) -> Path:
        """Return the file of a part; raise CorruptArtifact where it is missing or altered."""
        path: Path = self.folder(manifest.artifact) / part["file"]
        if is_altered(path, part, self.verify):
            raise CorruptArtifact(
                f"{self.shown(path)} is missing or altered: it has not the bytes that were written. Make it "
                f"again: negmine {manifest.stage} {self.name}"
            )
        return path

    def queries_per_part(self) -> list[int]:
        """Return how many queries are mined in each part of `queries`, and of all tables that follow."""
        manifest = self.require(QRELS)
        counts = manifest.stats["queries_per_part"]
        is_list = isinstance(counts, list) and len(counts) == len(manifest.parts)
        if not is_list or not all(type(count) is int for count in counts):
            raise CorruptArtifact(
                f"{self.shown(self.shared / QRELS / MANIFEST)} is damaged: it does not say how many queries "
                "each part has. "
                f"Make it again: negmine index {self.name} --force"
            )
        return list(counts)

    def scan(self, name: str) -> pl.LazyFrame:
        """Return a lazy frame over all parts of an artifact."""
        return pl.scan_parquet(self.part_files(name), glob=False)

    def scan_new(self, manifest: Manifest) -> pl.LazyFrame:
        """Return a lazy frame over parts that are finished but not yet committed."""
        folder = self.local(manifest.artifact)
        places = (folder / PARTIAL / part["file"] for part in manifest.parts)
        files = [path if path.exists() else folder / path.name for path in places]
        return pl.scan_parquet(files, glob=False)

    # -- writing -----------------------------------------------------------------------------

    def find_part(self, name: str, number: int, identity: str) -> Path | None:
        """Return part `number` of this identity where an earlier run has left it, the newest first."""
        partial = self.local(name) / PARTIAL
        lines = partial / pending_name(part_name(number, JSON_LINES), identity)
        if lines.exists():
            return lines
        places = (folder / part_name(number) for folder in (partial, self.local(name)))
        return next((path for path in places if identity_of_part(path) == identity), None)

    def find_whole_part(self, name: str, number: int, identity: str) -> Path | None:
        """Return what `find_part` does, unless its bytes are not those that were written."""
        path = self.find_part(name, number, identity)
        if path is None:
            return None
        listed = self._listed(name).get(path)
        is_whole = (
            has_recorded_hash(path) if listed is None else not is_altered(path, listed, self.verify)
        )
        return path if is_whole else None

    def has_part(self, name: str, number: int, identity: str) -> bool:
        """Tell whether an earlier run has left part `number` of this identity."""
        return self.find_part(name, number, identity) is not None

    def parts_done(self, name: str, identity: str) -> int:
        """Count the parts of this identity that lie there without a manifest."""
        return len(self._numbers_done(name, identity))

    def _numbers_done(self, name: str, identity: str) -> set[int]:
        folder = self.local(name)
        numbers = {
            int(path.name[5:10])
            for where in (folder, folder / PARTIAL)
            for path in where.glob("part-[0-9][0-9][0-9][0-9][0-9].*")
        }
        return {number for number in numbers if self.has_part(name, number, identity)}

    def write_part(
        self, name: str, number: int, table: pa.Table, identity: str, kind: str = PARQUET
    ) -> None:
        """Write one part atomically: temporary name, fsync, rename; then its hash beside it."""
        folder = new_folder(self.local(name) / PARTIAL)
        path = folder / pending_name(part_name(number, kind), identity)
        with atomic_write(path) as stream:
            if kind == JSON_LINES:
                write_lines(table, stream)
            else:
                write_table(with_identity(table, identity), stream)
        record_hash(path)

    def fresh_folder(self, name: str) -> Path:
        """Return an empty `.partial` folder for an artifact that is made in one go."""
        folder = self.local(name) / PARTIAL
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def discard(self, name: str) -> None:
        """Remove what an attempt left unfinished; a finished artifact stays."""
        folder = self.local(name)
        shutil.rmtree(folder / PARTIAL, ignore_errors=True)
        with suppress(OSError):  # not empty: an older, finished artifact is there
            folder.rmdir()

    def commit(self, manifest: Manifest) -> Manifest:
        """Put finished files in place of the old ones; the manifest comes last."""
        folder = self.local(manifest.artifact)
        partial = folder / PARTIAL
        partial.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        wanted = {part["file"] for part in manifest.parts}
        pending = {file: pending_name(file, manifest.identity) for file in wanted}
        new = {file for file in wanted if (partial / pending[file]).exists()}
        alone = (
            "/" in manifest.artifact
        )  # else other artifacts, and perhaps the user's files, lie there
        for file in files_in(folder, PARTIAL) if alone else new:
            if file in new or file not in wanted:
                (folder / file).unlink(missing_ok=True)
        for file in new:
            sync_file(partial / pending[file])
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (partial / pending[file]).replace(folder / file)
            move_hash(partial / pending[file], folder / file)
        shutil.rmtree(partial)
        for made in (folder, folder.parent, self.root):  # the folders may be new, too
            sync_folder(made)
        write_manifest(folder / MANIFEST, manifest)
        for file in new:
            forget_hash(folder / file)
        return manifest

    def describe(self, name: str, files: list[str] | None, identity: str) -> list[dict[str, Any]]:
        """Describe finished files for a manifest: file, rows, bytes, hash. Without a list: all new ones."""
        folder = self.local(name)
        partial = folder / PARTIAL
        if files is None:
            files = sorted(files_in(partial, PARTIAL))
        places = {file: partial / pending_name(file, identity) for file in files}
        paths = {file: new if new.exists() else folder / file for file, new in places.items()}
        return [
            {
                "file": file,
                "rows": rows_of(path),
                "bytes": path.stat().st_size,
                HASH: content_hash(path),
            }
            for file, path in paths.items()
        ]
