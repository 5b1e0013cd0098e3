"""Files that are one table: read one after another, in order, without holding them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from negmine.data.sources.formats import read_chunks
from negmine.data.sources.places import LOCAL, Places
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import Chunk, Row
from negmine.errors import InputError

T = TypeVar("T")
_NEXT_FILE = 1 << 40  # rows and lines of a file are fewer


def coded(number: int, file: int) -> int:
    """Return the place of a row as one number: its line, from 1, and which file of the table it is in."""
    return number + file * _NEXT_FILE


def where(place: int, files: Sequence[Path]) -> tuple[Path, int]:
    """Return file and line of a place that `coded` made."""
    return files[min(place // _NEXT_FILE, len(files) - 1)], place % _NEXT_FILE


class FileRows:
    """The files of a table. rows: how many data rows were read of those that are read to their end."""

    def __init__(self, files: Sequence[Path], problems: Problems, places: Places = LOCAL) -> None:
        self.files = tuple(files)
        self.rows = 0
        self._problems, self._places = problems, places

    def each(
        self, read: Callable[[Path, Problems], Iterator[T]]
    ) -> Iterator[tuple[int, Iterator[T]]]:
        """Yield for each file its number, and what `read` yields of it.

        Messages name a file as the user does, not the local copy of an address.
        """
        for number, file in enumerate(self.files):
            local = self._places.local(file)
            if local != file:
                self._problems.shown[str(local)] = str(file)
            yield number, _named(read, local, file, self._problems)

    def chunks(self) -> Iterator[tuple[int, Chunk]]:
        """Yield file number and chunk; positions in a chunk are those in its file, from 0.

        `rows` counts what is before the file of the chunk, and all when everything is read.
        """
        for number, chunks in self.each(read_chunks):
            count = 0
            for chunk in chunks:
                yield number, chunk
                count = chunk.stop
            self.rows += count

    def data_rows(self) -> Iterator[tuple[int, Row]]:
        """Yield file number and row; positions go on from one file to the next."""
        for number, chunk in self.chunks():
            for row in chunk.rows():
                yield number, row._replace(position=row.position + self.rows)


def _named(
    read: Callable[[Path, Problems], Iterator[T]], local: Path, file: Path, problems: Problems
) -> Iterator[T]:
    with naming(local, file):
        yield from read(local, problems)


@contextmanager
def naming(local: Path, file: Path) -> Iterator[None]:
    """Name `file` in an InputError that names its local copy."""
    try:
        yield
    except InputError as error:
        if local == file:
            raise
        raise InputError(str(error).replace(str(local), str(file))) from error
