"""A store: the objects below one address, by five verbs: get, put, create, list, delete.

Any file system of fsspec that writes an object whole or not at all will do. Nothing that was listed is
remembered here. A name is the object's path below the address: `1-index/corpus/_manifest.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from negmine.config.addresses import Address
from negmine.errors import MissingDependency, NegmineError, WorkdirError
from negmine.storage.remote.objects import OF_THIS_MACHINE, has_bucket, opened, version_of
from negmine.storage.remote.trouble import Torn, explained, retried, status_of

_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")
_TAKEN, _NO_CONDITIONS = (409, 412), (400, 405, 501)
AT_ONCE = 1000  # names in one request to delete


class Entry(NamedTuple):
    """An object as a listing has it. modified: by the store's clock. version: changes with every write."""

    bytes: int
    modified: datetime
    version: str


class Unconditional(Exception):
    """The store cannot create an object only where there is none."""


class Store:
    """The objects below an address. Each method raises WorkdirError (bucket, key, operation, remedy)."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def place(self, name: str) -> Address:
        """Return the address of an object."""
        return self.address / name if name else self.address

    def get(self, name: str) -> bytes:
        """Return an object's bytes; raise FileNotFoundError where there is none."""
        data: bytes = self._do("reading it", name, lambda system, path: system.cat_file(path))
        return data

    def fetch(self, name: str, target: Path, size: int | None = None) -> None:
        """Write an object's bytes into a file; raise FileNotFoundError where there is none.

        size: the bytes that it should have; a download that ends too early is tried again.
        """

        def attempt(system: Any, path: str) -> None:
            system.get_file(path, str(target))
            got = target.stat().st_size
            if size is not None and got < size and system.info(path).get("size") != got:
                raise Torn(f"only {got:,} of {size:,} bytes came")

        self._do("reading it", name, attempt)

    def put(self, name: str, data: bytes | Path) -> None:
        """Write an object, whole or not at all, whatever was there. data: bytes, or a file with them."""

        def write(system: Any, path: str) -> None:
            if isinstance(data, bytes):
                system.pipe_file(path, data)
            else:
                system.put_file(str(data), path)

        self._do("writing it", name, write, "written")

    def create(self, name: str, data: bytes) -> None:
        """Write an object where there is none; raise FileExistsError where there is one.

        data: has to be different in every call, so that a write whose answer was lost is known again. Raises
        Unconditional where the store says that it has no such write.
        """
        try:
            self._do(
                "creating it", name, lambda s, p: s.pipe_file(p, data, mode="create"), "written"
            )
        except FileExistsError:
            if self.get(name) != data:
                raise

    def list(self, prefix: str = "") -> dict[str, Entry]:
        """Return the objects below the address whose names start with a folder, or all, sorted by name."""

        def find(system: Any, path: str) -> dict[str, Any]:
            found: dict[str, Any] = system.find(path, detail=True)
            if not found:
                system.ls(path)  # `find` passes over a folder that may not be read
            return found

        try:
            infos = self._do("listing it", prefix, find)
        except FileNotFoundError:
            return {}
        top = opened(self.address)[1].rstrip("/") + "/"
        entries = {str(path).removeprefix(top): _entry(info) for path, info in infos.items()}
        return dict(sorted(entries.items()))

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects; one that is not there any more is no error."""
        every = list(names)
        for start in range(0, len(every), AT_ONCE):
            some = every[start : start + AT_ONCE]

            def remove(system: Any, path: str, some: list[str] = some) -> None:
                system.rm([opened(self.place(name))[1] for name in some])

            try:
                self._do("removing it", some[0], remove, "removed")
            except FileNotFoundError:
                if len(some) > 1:
                    for name in some:
                        self.delete([name])

    def is_like(self, other: Store) -> bool:
        """Tell whether objects can be copied from here to there inside the store."""
        return self.address.scheme == other.address.scheme

    def copy(self, source: Address, name: str) -> None:
        """Copy an object of another address of the same kind of store, inside the store."""
        origin = opened(source)[1]
        self._do("writing it", name, lambda system, path: system.cp_file(origin, path), "written")

    def _do(
        self, operation: str, name: str, work: Callable[[Any, str], Any], verb: str = "read"
    ) -> Any:
        """Return what `work` returns for file system and path of an object, tried again where that may help."""
        try:
            return retried(lambda: work(*opened(self.place(name))))
        except (NegmineError, FileExistsError):
            raise
        except Exception as error:  # of any of fsspec's many clients
            if isinstance(error, OSError) and error.errno in OF_THIS_MACHINE:
                raise
            self._raise_of_create(operation, name, error)
            place = self.place(name)
            there = has_bucket(place, error)
            if isinstance(error, FileNotFoundError) and there and not isinstance(error, Torn):
                raise FileNotFoundError(str(place)) from None
            told = explained(place, operation, error, there, verb)
            raise told if isinstance(told, MissingDependency) else WorkdirError(told) from None

    def _raise_of_create(self, operation: str, name: str, error: Exception) -> None:
        if not operation.startswith("creating"):
            return
        if status_of(error) in _TAKEN:
            raise FileExistsError(str(self.place(name))) from None
        if status_of(error) in _NO_CONDITIONS or isinstance(error, TypeError | NotImplementedError):
            raise Unconditional(str(self.address)) from None


def _entry(info: dict[str, Any]) -> Entry:
    when = next((info[name] for name in _TIMES if info.get(name)), None)
    return Entry(int(info.get("size") or 0), _time(when), version_of(info) or str(when))


def _time(value: Any) -> datetime:
    """Return a time of a listing with its zone; of one that cannot be read, now: nothing of it is old."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, int | float):
        value = datetime.fromtimestamp(value, UTC)
    if not isinstance(value, datetime):
        return datetime.now(UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)
