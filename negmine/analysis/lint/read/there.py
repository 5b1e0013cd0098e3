"""Files at addresses: copies of this machine, and the names under which the report and messages show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from negmine.analysis.lint.settings import LintSettings
from negmine.config.addresses import Address, as_address, shown
from negmine.data.sources.problems import Problems
from negmine.engine.progress import Progress
from negmine.errors import InputError
from negmine.storage.remote.remote import Remote
from negmine.storage.remote.training import training_folder, training_folders

_DATA = ("corpus", "queries", "qrels")


class There:
    """What an audit reads at addresses. The copies stay in the cache as long as this object lives.

    names: local path to the address that is shown for it.
    """

    def __init__(self, progress: Progress) -> None:
        self._remote, self.names = Remote(), dict[Path, str]()
        self._remote.note = progress.note

    def local(self, path: Path) -> list[Path]:
        """Return the paths of this machine for a path; more than one for a pattern, or a folder at an address.

        The training files of a work directory at an address come with their provenance. Raises InputError.
        """
        try:
            place = as_address(path)
        except ValueError as error:
            raise InputError(f"{shown(path)}: {error}.") from error
        if not isinstance(place, Address):
            return [Path(place)]
        folder = training_folder(place)
        if folder is not None:
            return [folder]
        return [self._copy(file) for file in self._files(place)]

    def _files(self, place: Address) -> list[Path]:
        try:
            return self._remote.files(place)
        except InputError as error:
            choices = training_folders(place)
            if not choices:
                raise
            raise InputError(
                f"{place} is a work directory. Name one of these: {', '.join(choices)}."
            ) from error

    def data(self, settings: LintSettings) -> LintSettings:
        """Return the settings with copies of the data at addresses; each is one file."""
        given = {name: getattr(settings, name) for name in _DATA}
        there = {name: path for name, path in given.items() if isinstance(path, Address)}
        return settings.model_copy(update={name: self._copy(path) for name, path in there.items()})

    def name(self, path: Path) -> str:
        """Return what the report calls a file."""
        return self.names.get(path, str(path))

    def problems(self, settings: LintSettings) -> Problems:
        """Return what collects problems of the files, and shows addresses."""
        problems = Problems(skip=settings.on_error == "skip")
        problems.shown |= {str(path): name for path, name in self.names.items()}
        return problems

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Name addresses in an InputError that names their copies."""
        try:
            yield
        except InputError as error:
            text = str(error)
            for path, name in self.names.items():
                text = text.replace(str(path), name)
            raise InputError(text) from error

    def _copy(self, address: Path) -> Path:
        local = self._remote.local(address)
        if local != address:
            self.names[local] = str(address)
        return local
