"""Files of the vector cache: `chunk-000000.arrow`, with a key and a vector in every row.

Arrow IPC, uncompressed, memory-mapped. `key`: the 16-byte hash of a text. `vector`: float32, all of one
length; of a sparse encoder, a list of `term` (int32) and `weight` (float32). The schema's metadata have
`negmine.check`: XXH3 (128 bits) of all keys and all vectors; files of older versions have none. Files are
added atomically, and never changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Generic, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash

from negmine.data.arrays import Floats
from negmine.data.schemas import TEXT_KEY
from negmine.data.sparse_rows import SparseRows
from negmine.errors import CorruptArtifact
from negmine.storage.chunk_columns import R, arrays_of, column_of, joined, rows_of
from negmine.storage.files import atomic_write, new_folder

SMALL, MANY = 16 << 20, 64  # bytes of a chunk, and chunks, that are worth putting together
MERGED = 64 << 20  # bytes of what they become
CHECK = b"negmine.check"

_whole: set[tuple[str, int, int, int]] = set()  # by this process: path, inode, size, time


class Chunk(NamedTuple, Generic[R]):
    """An open file. keys: binary [rows]. vectors: float32 [rows, dimensions], or sparse ones."""

    path: Path
    keys: pl.Series
    vectors: R


def chunk_files(folder: Path) -> list[Path]:
    """Return the chunks of a folder, in the order they were added."""
    return sorted(folder.glob("chunk-*.arrow"))


def open_chunk(path: Path, compare: bool = True) -> Chunk[Any]:
    """Open a chunk, memory-mapped; a process compares it with its check once, where it shall `compare`.

    Raises CorruptArtifact for another file, or altered keys or vectors; OSError where the disk refuses.
    """
    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all().combine_chunks()
        table.validate()
        keys, vectors = _columns(table)
        if compare:
            _compare(path, table, keys, vectors)
    except (OSError, pa.ArrowException, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # not Arrow's, which has no number: the file may be whole
        raise CorruptArtifact(
            f"{path} is damaged ({error}). Delete this file; what it holds is made again."
        ) from error
    return Chunk(path, pl.Series(keys.cast(pa.large_binary())), vectors)


def write_chunk(folder: Path, keys: pl.Series, vectors: Floats | SparseRows) -> Path:
    """Add a chunk atomically; return its path."""
    arrow_keys = keys.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(TEXT_KEY)
    table = pa.table({"key": arrow_keys, "vector": column_of(vectors)})
    table = table.replace_schema_metadata({CHECK: _check(arrow_keys, vectors)})
    numbers = [int(path.stem[6:]) for path in chunk_files(new_folder(folder))]
    path = folder / f"chunk-{max(numbers, default=-1) + 1:06d}.arrow"
    with atomic_write(path) as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    return path


def put_together(folder: Path) -> None:
    """Make few large chunks of many small ones. If interrupted, duplicates may remain; they are harmless."""
    sizes = [(path, path.stat().st_size) for path in chunk_files(folder)]
    small = [(path, size) for path, size in sizes if size < SMALL]
    if len(small) < MANY:
        return
    group: list[Path] = []
    total = 0
    for path, size in [*small, (folder, MERGED)]:
        if total + size > MERGED and group:
            _join([open_chunk(one) for one in group])
            group, total = [], 0
        group.append(path)
        total += size


def _join(chunks: list[Chunk[Any]]) -> None:
    keys = pl.concat([chunk.keys for chunk in chunks])
    write_chunk(chunks[0].path.parent, keys, joined([chunk.vectors for chunk in chunks]))
    for chunk in chunks:
        chunk.path.unlink()


def _columns(table: pa.Table) -> tuple[pa.FixedSizeBinaryArray, Floats | SparseRows]:
    """Return keys and vectors of a table. Raises ValueError where it is no chunk."""
    names, types = table.column_names, table.schema.types
    is_chunk = names == ["key", "vector"] and types[0] == TEXT_KEY
    if not is_chunk or any(column.null_count for column in table.columns):
        raise ValueError("it is no chunk of vectors")
    keys, vectors = (table[name].combine_chunks() for name in names)
    return keys, rows_of(vectors)


def _compare(
    path: Path, table: pa.Table, keys: pa.FixedSizeBinaryArray, vectors: Floats | SparseRows
) -> None:
    """Raise ValueError where a chunk that has a check has another one."""
    stat = path.stat()
    place = (str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns)
    wanted = (table.schema.metadata or {}).get(CHECK)
    if wanted is None or place in _whole:
        return
    if wanted.decode("ascii", "replace") != _check(keys, vectors):
        raise ValueError("keys or vectors were altered")
    _whole.add(place)


def _check(keys: pa.FixedSizeBinaryArray, vectors: Floats | SparseRows) -> str:
    """Return the XXH3 (128 bits, hex) of the bytes of keys, then of vectors."""
    width = TEXT_KEY.byte_width
    start = keys.offset * width
    state = xxhash.xxh3_128(keys.buffers()[1][start : start + len(keys) * width])
    for array in arrays_of(vectors):
        state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()
