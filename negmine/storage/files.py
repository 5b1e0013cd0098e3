"""Writing files: whole or not at all. No other package opens a file of a work directory for writing."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from negmine.config.secrets import redacted

TEMPORARY = ".tmp"  # the end of names of files that are being written
STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
MOST_OF_NAME = 200  # bytes of a name that stay before the random part


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a stream whose bytes become the file `path` when the block ends; before, the old file stands.

    Written under a temporary name in the same folder, synced, renamed. If the block raises, nothing
    changes. A link in place of `path` is replaced; what it leads to is not touched.
    """
    temporary = temporary_name(path)
    try:
        with naming(path), os.fdopen(_created(temporary), "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def temporary_name(path: Path) -> Path:
    """Return a random name beside a file, for what will become it. leftovers.py removes what a kill leaves."""
    return path.with_name(f"{fitting(path.name, MOST_OF_NAME)}.{secrets.token_hex(8)}{TEMPORARY}")


def fitting(name: str, most: int) -> str:
    """Return the first `most` bytes of a name, in whole characters; below zero, its last ones."""
    raw = os.fsencode(name)
    return (raw[:most] if most > 0 else raw[most:]).decode("utf-8", "ignore")


def _created(path: Path) -> int:
    """Make a new file, never one that is there, nor what a link leads to; return its descriptor."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o666)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the path to an OSError that does not name one, as those of `write` do not."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path, for libraries that write files themselves; it becomes `path` at the end."""
    temporary = temporary_name(path)
    try:
        yield temporary
        sync_file(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, atomically, without secrets."""
    with atomic_write(path) as stream:
        stream.write(redacted(text).encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people, atomically; what JSON has no word for is written as text."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, default=str))


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write a .npy file atomically."""
    with atomic_write(path) as stream:
        np.save(stream, array)


@contextmanager
def growing_array(path: Path) -> Iterator[Callable[[NDArray[Any]], None]]:
    """Give a function that adds rows to a .npy file; the file is there when the block ends.

    All rows have one width and dtype. NumPy leaves room in the header for any number of rows: it is written
    last.
    """
    lengths: list[int] = []
    header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": (0, 0)}

    with atomic_write(path) as stream:

        def add(rows: NDArray[Any]) -> None:
            if not lengths:
                header.update(descr=rows.dtype.str, shape=(0, *rows.shape[1:]))
                np.lib.format.write_array_header_1_0(stream, header)
            lengths.append(len(rows))
            np.ascontiguousarray(rows).tofile(stream)

        yield add
        stream.seek(0)
        shape = {"shape": (sum(lengths), *header["shape"][1:])}
        np.lib.format.write_array_header_1_0(stream, header | shape)


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a small Parquet file that belongs to an index, atomically."""
    with atomic_write(path) as stream:
        frame.write_parquet(stream)


def new_mapped(path: Path, dtype: Any, shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Make a .npy file of zeros in the folder of an unfinished artifact; return it mapped for writing."""
    with naming(path):
        mapped = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
        reserve(path)
    return mapped


def reserve(path: Path) -> None:
    """Have the disk set space aside for a file that lies there in its full size, but may be all holes.

    A full disk then raises OSError here; writing to mapped holes would end the process by SIGBUS.
    """
    with path.open("r+b") as stream:
        if hasattr(os, "posix_fallocate"):  # not on macOS
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)


def new_folder(path: Path) -> Path:
    """Make a folder, with those above it, unless it is there; return it."""
    path.mkdir(parents=True, exist_ok=True)
    return path


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it."""
    shutil.rmtree(path)


def write_rows(path: Path, rows: pl.DataFrame) -> None:
    """Write rows that a later pass of the same command reads again (Arrow IPC), not atomically."""
    rows.write_ipc(path)


class TableWriter:
    """A Parquet file that grows table by table; it appears under its name when it is closed.

    Raises OSError where it cannot be written.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._temporary = path, temporary_name(path)
        self._stream = os.fdopen(_created(self._temporary), "wb")
        self._writer = pq.ParquetWriter(self._stream, schema)

    def write(self, table: pa.Table) -> None:
        """Add a table."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._temporary.replace(self._path)

    def discard(self) -> None:
        """Remove the unfinished file."""
        self._writer.close()
        self._stream.close()
        self._temporary.unlink(missing_ok=True)


@contextmanager
def table_file(path: Path, schema: pa.Schema) -> Iterator[TableWriter]:
    """Open a Parquet file that grows table by table; if the block raises, there is none."""
    writer = TableWriter(path, schema)
    try:
        yield writer
    except BaseException:
        writer.discard()
        raise
    writer.close()


@contextmanager
def scratch_path(path: Path) -> Iterator[Path]:
    """Give a path for a file that is needed until the block ends; then it is removed."""
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def spill_file(folder: Path) -> IO[bytes]:
    """Open an unnamed file for what does not fit into memory; it is gone when it is closed."""
    return tempfile.TemporaryFile(dir=folder)


def write_out(path: Path, text: str) -> None:
    """Write a text file that the user names: atomically, but for a device or a pipe, which is written into."""
    if str(path) in STDOUT:  # opened anew, it would have a position of its own, and overwrite
        sys.stdout.write(redacted(text))
        sys.stdout.flush()
    elif _is_special(path) or (path.exists() and not path.is_file()):
        with path.open("w", encoding="utf-8") as stream:
            stream.write(redacted(text))
    else:
        write_text(path, text)


def sync_file(path: Path) -> None:
    """Make the bytes of a file durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable, on file systems that can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _is_special(path: Path) -> bool:
    """Tell whether a path is one of the system's, and no file; /dev/shm is a disk in memory."""
    name = str(path)
    return name.startswith(("/dev/", "/proc/")) and not name.startswith("/dev/shm/")
