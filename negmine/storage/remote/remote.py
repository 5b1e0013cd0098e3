"""What a command reads of other machines: each address is looked at once, so that all tables fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from negmine.config.addresses import HUB, Address
from negmine.config.memory import size_text
from negmine.data.sources import hub_layout
from negmine.data.sources.formats import kind_of
from negmine.data.sources.places import LOCAL, README, in_folder, is_pattern, not_none
from negmine.errors import InputError
from negmine.storage.remote import hub, objects
from negmine.storage.remote.cache import Held, copy_of
from negmine.storage.remote.hub import Listing
from negmine.storage.remote.seen import Seen


def _nobody(message: str) -> None:
    pass


class Remote:
    """Finds and fetches files at addresses; finds others on this machine (data/sources/places.py).

    note: receives a sentence about each file that is fetched. Pickled, it keeps what it has seen. Each method
    raises InputError for what cannot be read, MissingDependency where a package is missing.
    """

    def __init__(self) -> None:
        self.note: Callable[[str], None] = _nobody
        self._seen: dict[str, Seen] = {}
        self._listings: dict[str, Listing] = {}
        self._below: dict[tuple[str, int], list[str]] = {}
        self._held: dict[str, Held] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "note": _nobody, "_held": {}}

    def names(self, folder: Path) -> list[str]:
        """Return the files of a folder, and of folders in it: relative, sorted."""
        if not isinstance(folder, Address):
            return LOCAL.names(folder)
        if folder.scheme == HUB:
            return self._names_on_hub(folder)
        if objects.is_web(folder):
            raise InputError(
                f"{folder}: a web address names a file, not a folder. Name each file: --corpus, --queries "
                "and --qrels."
            )
        return self._names_below(folder, 2)

    def files(self, path: Path) -> list[Path]:
        """Return the files that a path, a pattern, a folder or a dataset stands for."""
        if not isinstance(path, Address):
            return LOCAL.files(path)
        if path.scheme == HUB:
            return self._files_on_hub(path)
        if objects.is_web(path):
            return [path]
        if is_pattern(path.full):
            return not_none(objects.matches(path), path)
        if _is_file(path) or not objects.is_folder(path):
            return [path]
        return self._in_folder(path, self._names_below(path, 1))

    def version(self, address: Address) -> str:
        """Return what identifies a file's content, as its server says."""
        return self.look(address).fingerprint

    def look(self, address: Address) -> Seen:
        """Return what the server says of a file, asked once."""
        if address.full not in self._seen:
            is_hub = address.scheme == HUB
            self._seen[address.full] = self._on_hub(address) if is_hub else objects.look(address)
        return self._seen[address.full]

    def local(self, path: Path) -> Path:
        """Return the copy of a file on this machine, in use as long as this object lives; others unchanged."""
        if not isinstance(path, Address):
            return path
        if path.full in self._held:
            return self._held[path.full].path
        seen = self.look(path)
        if path.scheme == HUB:
            return hub.local(path, seen)

        def fetch(target: Path) -> None:
            self.note(
                f"{path}: {'reading it' if seen.size is None else size_text(seen.size)}, kept in the cache"
            )
            objects.fetch(path, seen, target)

        held = copy_of(str(path), seen.version, seen.size, path.name, fetch)
        self._held[path.full] = held
        return held.path

    def described(self, files: Iterable[Path]) -> list[dict[str, Any]]:
        """Return for each address among the files what a manifest says of it."""
        rows = []
        for file in files:
            if isinstance(file, Address):
                seen = self.look(file)
                revision = {"revision": seen.revision} if seen.revision else {}
                rows.append(
                    {"address": str(file), "version": seen.version, "bytes": seen.size, **revision}
                )
        return rows

    def _names_below(self, folder: Address, depth: int) -> list[str]:
        key = (folder.full, depth)
        if key not in self._below:
            self._below[key] = objects.names_below(folder, depth)
        return self._below[key]

    def _in_folder(self, folder: Address, names: Sequence[str]) -> list[Path]:
        files = in_folder(folder, names, self)
        if not files:
            raise InputError(
                f"{folder} has no Parquet or Arrow files. Name a file, or several by a pattern: "
                f"{folder / '*.jsonl'}."
            )
        return files

    def _listing(self, address: Address) -> Listing:
        what = hub.named(address)
        key = str(what)
        if key not in self._listings:
            self._listings[key] = hub.listing(address)
        return self._listings[key]

    def _on_hub(self, address: Address) -> Seen:
        what, files = hub.named(address), self._listing(address).files
        if what.path not in files:
            raise InputError(f"{address} cannot be read: the {what} has no file {what.path}.")
        return files[what.path]

    def _names_on_hub(self, folder: Address) -> list[str]:
        what = hub.named(folder)
        below = f"{what.path}/" if what.path else ""
        files = self._listing(folder).files
        return sorted(name.removeprefix(below) for name in files if name.startswith(below))

    def _files_on_hub(self, path: Address) -> list[Path]:
        what, files = hub.named(path), self._listing(path).files
        if what.path in files:
            return [path]
        root = Address(path.full.removesuffix(f"/{what.path}")) if what.path else path
        if is_pattern(what.path):
            return not_none((root / name for name in files if fnmatchcase(name, what.path)), path)
        if what.path:
            names = [name for name in self._names_on_hub(path) if "/" not in name]
            if not names:
                raise InputError(f"{path} cannot be read: the {what} has no {what.path}.")
            return self._in_folder(path, names)
        readme = self.local(path / README) if README in files else None
        return [path / name for name in hub_layout.pairs(sorted(files), readme, str(path))]


def _is_file(address: Address) -> bool:
    """Tell whether an address ends like a file of a known format."""
    try:
        kind_of(address)
    except InputError:
        return False
    return True
