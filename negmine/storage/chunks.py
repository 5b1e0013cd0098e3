"""Files of the vector cache: `chunk-000000.arrow`, with a key and a vector in every row.

Where several processes add to a folder, names end with a random part: `chunk-000000-1a2b3c4d.arrow`.

Arrow IPC, uncompressed, memory-mapped. `key`: the 16-byte hash of a text. `vector`: float32, all of one
length; or a list of these, float16 or float32, where each token has one. The schema's metadata have
`negmine.check`: XXH3 (128 bits) of all keys and all vectors; files of older versions have none. Files are added
atomically, and never changed.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.data.ragged import Ragged, joined
from negmine.data.schemas import TEXT_KEY
from negmine.errors import CorruptArtifact
from negmine.storage.files import atomic_write, new_folder

SMALL, MANY = 16 << 20, 64  # bytes of a chunk, and chunks, that are worth putting together
MERGED = 64 << 20  # bytes of what they become
CHECK = b"negmine.check"

_shared = False  # other processes may add to the same folders
_whole: set[tuple[str, int, int, int]] = set()  # by this process: path, inode, size, time


class Chunk(NamedTuple):
    """An open file. keys: binary [rows]. vectors: float32 [rows, dimensions], or a matrix for each row."""

    path: Path
    keys: pl.Series
    vectors: Floats | Ragged


def share() -> None:
    """Let other processes add chunks to the same folders from now on: names never meet, nothing is removed."""
    global _shared
    _shared = True


def is_shared() -> bool:
    """Tell whether other processes may add chunks to the same folders."""
    return _shared


def chunk_files(folder: Path) -> list[Path]:
    """Return the chunks of a folder, in the order they were added."""
    return sorted(folder.glob("chunk-*.arrow"))


def open_chunk(path: Path, compare: bool = True) -> Chunk:
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


def write_chunk(folder: Path, keys: pl.Series, vectors: NDArray[Any]) -> Path:
    """Add a chunk atomically; return its path. vectors: a row for each key, or an array of matrices."""
    is_ragged = vectors.dtype == object
    rows = joined(vectors) if is_ragged else np.ascontiguousarray(vectors, np.float32)
    arrow_keys = keys.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(TEXT_KEY)
    table = pa.table({"key": arrow_keys, "vector": _as_arrow(rows)})
    table = table.replace_schema_metadata({CHECK: _check(arrow_keys, rows)})
    numbers = [int(path.stem.split("-")[1]) for path in chunk_files(new_folder(folder))]
    own = f"-{secrets.token_hex(4)}" if _shared else ""
    path = folder / f"chunk-{max(numbers, default=-1) + 1:06d}{own}.arrow"
    with atomic_write(path) as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    return path


def put_together(folder: Path) -> None:
    """Make few large chunks of many small ones. If interrupted, duplicates may remain; they are harmless."""
    sizes = [(path, path.stat().st_size) for path in chunk_files(folder)]
    small = [(path, size) for path, size in sizes if size < SMALL]
    if len(small) < MANY or _shared:
        return
    group: list[Path] = []
    total = 0
    for path, size in [*small, (folder, MERGED)]:
        if total + size > MERGED and group:
            _join([open_chunk(one) for one in group])
            group, total = [], 0
        group.append(path)
        total += size


def _join(chunks: list[Chunk]) -> None:
    keys = pl.concat([chunk.keys for chunk in chunks])
    every = np.concatenate([chunk.vectors[:] for chunk in chunks])
    write_chunk(chunks[0].path.parent, keys, every)
    for chunk in chunks:
        chunk.path.unlink()


def _as_arrow(rows: Floats | Ragged) -> pa.Array:
    if isinstance(rows, Ragged):
        return pa.LargeListArray.from_arrays(pa.array(rows.offsets), _as_arrow(rows.values))
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])


def _columns(table: pa.Table) -> tuple[pa.FixedSizeBinaryArray, Floats | Ragged]:
    """Return keys and vectors of a table. Raises ValueError where it is no chunk."""
    names, types = table.column_names, table.schema.types
    if names != ["key", "vector"] or types[0] != TEXT_KEY or not _are_vectors(types[1]):
        raise ValueError("it is no chunk of vectors")
    keys, vectors = (table[name].combine_chunks() for name in names)
    if keys.null_count or vectors.null_count:
        raise ValueError("it is no chunk of vectors")
    if not pa.types.is_large_list(types[1]):
        return keys, _flat(vectors)
    offsets, values = vectors.offsets.to_numpy(zero_copy_only=True), _flat(vectors.values)
    if offsets[0] < 0 or offsets[-1] > len(values) or (offsets[1:] < offsets[:-1]).any():
        raise ValueError("its offsets do not divide its vectors")
    return keys, Ragged(offsets, values)


def _are_vectors(kind: pa.DataType) -> bool:
    numbers = [pa.float32()]
    if pa.types.is_large_list(kind):
        kind, numbers = kind.value_type, [pa.float16(), pa.float32()]
    return bool(pa.types.is_fixed_size_list(kind)) and kind.value_type in numbers


def _flat(vectors: pa.FixedSizeListArray) -> NDArray[Any]:
    """Return vectors of one length as rows, without a copy."""
    numbers: NDArray[Any] = vectors.flatten().to_numpy(zero_copy_only=True)
    return numbers.reshape(len(vectors), vectors.type.list_size)


def _compare(
    path: Path, table: pa.Table, keys: pa.FixedSizeBinaryArray, vectors: Floats | Ragged
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


def _check(keys: pa.FixedSizeBinaryArray, vectors: Floats | Ragged) -> str:
    """Return the XXH3 (128 bits, hex) of the bytes of keys, then of offsets, if any, then of vectors."""
    width = TEXT_KEY.byte_width
    start = keys.offset * width
    state = xxhash.xxh3_128(keys.buffers()[1][start : start + len(keys) * width])
    arrays = (vectors.offsets, vectors.values) if isinstance(vectors, Ragged) else (vectors,)
    for array in arrays:
        state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()
