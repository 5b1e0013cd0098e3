"""Files of the vector cache: `chunk-000000.arrow` with a key, a vector and a check in every row.

Arrow IPC, uncompressed, memory-mapped. `key`: the 16-byte hash of a text. `vector`: float32, all of one
length. `check`: XXH3 (64 bits) of the bytes of both; files of older versions have none. They are added
atomically, and never changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from negmine.data.arrays import Floats, Places
from negmine.data.schemas import TEXT_KEY
from negmine.errors import CorruptArtifact
from negmine.storage.files import atomic_write, new_folder

SMALL, MANY = 16 << 20, 64  # bytes of a chunk, and chunks, that are worth putting together
MERGED = 64 << 20  # bytes of what they become


class Chunk(NamedTuple):
    """An open file. keys: binary. vectors: float32 [rows, dimensions]. checks: uint64 [rows], or None."""

    path: Path
    keys: pl.Series
    vectors: Floats
    checks: NDArray[np.uint64] | None

    def are_whole(self, rows: Places) -> NDArray[np.bool_]:
        """Tell of each of these rows whether key and vector have their check; bool [rows]."""
        if self.checks is None:
            return np.ones(len(rows), bool)
        keys = self.keys.gather(rows)
        return np.asarray(_checks(keys, self.vectors[rows]) == self.checks[rows])


def chunk_files(folder: Path) -> list[Path]:
    """Return the chunks of a folder, in the order they were added."""
    return sorted(folder.glob("chunk-*.arrow"))


def open_chunk(path: Path) -> Chunk:
    """Open a chunk, memory-mapped. Raises CorruptArtifact for another file, OSError where the disk refuses."""
    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all().combine_chunks()
        table.validate()
        return _as_chunk(path, table)
    except (OSError, pa.ArrowException, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # not Arrow's, which has no number: the file may be whole
        raise CorruptArtifact(
            f"{path} is damaged ({error}). Delete this file; what it holds is made again."
        ) from error


def write_chunk(folder: Path, keys: pl.Series, vectors: Floats) -> Path:
    """Add a chunk atomically; return its path."""
    vectors = np.ascontiguousarray(vectors, np.float32)
    table = pa.table(
        {
            "key": keys.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(TEXT_KEY),
            "vector": pa.FixedSizeListArray.from_arrays(
                pa.array(vectors.ravel()), vectors.shape[1]
            ),
            "check": _checks(keys, vectors),
        }
    )
    numbers = [int(path.stem[6:]) for path in chunk_files(new_folder(folder))]
    path = folder / f"chunk-{max(numbers, default=-1) + 1:06d}.arrow"
    with atomic_write(path) as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    return path


def keep_whole(chunk: Chunk) -> pl.Series:
    """Write the rows that are whole as a new chunk in place of this one; return the keys of the others."""
    whole = pl.Series(chunk.are_whole(np.arange(len(chunk.keys))))
    if whole.any():
        write_chunk(chunk.path.parent, chunk.keys.filter(whole), chunk.vectors[whole.to_numpy()])
    chunk.path.unlink()
    return chunk.keys.filter(~whole)


def put_together(folder: Path) -> None:
    """Make few large chunks of many small ones. If interrupted, duplicates may remain; they are harmless.

    Rows that are damaged stay behind, in a chunk of their own, until somebody asks for them.
    """
    sizes = [(path, path.stat().st_size) for path in chunk_files(folder)]
    small = [(path, size) for path, size in sizes if size < SMALL]
    if len(small) < MANY:
        return
    group: list[Path] = []
    total = 0
    for path, size in [*small, (folder, MERGED)]:
        if total + size > MERGED and group:
            _join([chunk for one in group if _is_whole(chunk := open_chunk(one))])
            group, total = [], 0
        group.append(path)
        total += size


def _is_whole(chunk: Chunk) -> bool:
    return bool(chunk.are_whole(np.arange(len(chunk.keys))).all())


def _join(chunks: list[Chunk]) -> None:
    if not chunks:
        return
    keys = pl.concat([chunk.keys for chunk in chunks])
    write_chunk(chunks[0].path.parent, keys, np.concatenate([chunk.vectors for chunk in chunks]))
    for chunk in chunks:
        chunk.path.unlink()


def _as_chunk(path: Path, table: pa.Table) -> Chunk:
    """Return a table as a chunk. Raises ValueError where it is none."""
    names, types = table.column_names, table.schema.types
    is_chunk = (
        names in (["key", "vector"], ["key", "vector", "check"])
        and types[0] == TEXT_KEY
        and pa.types.is_fixed_size_list(types[1])
        and types[1].value_type == pa.float32()
        and types[2:] in ([], [pa.uint64()])
    )
    if not is_chunk or any(column.null_count for column in table.columns):
        raise ValueError("it is no chunk of vectors")
    vectors = table["vector"].combine_chunks()
    flat = vectors.flatten().to_numpy(zero_copy_only=True)
    return Chunk(
        path,
        pl.Series(table["key"].cast(pa.large_binary())),
        flat.reshape(table.num_rows, vectors.type.list_size),
        table["check"].to_numpy() if "check" in names else None,
    )


def _checks(keys: pl.Series, vectors: Floats) -> NDArray[np.uint64]:
    """Return the check of every key and its vector, uint64 [rows]."""
    pairs = zip(keys.to_list(), vectors, strict=True)
    values = (xxhash.xxh3_64_intdigest(key + row.tobytes()) for key, row in pairs)
    return np.fromiter(values, np.uint64, len(keys))
