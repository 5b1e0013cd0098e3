"""The vector cache: a text that was encoded once is never encoded again.

A folder per encoder identity with `chunk-*.arrow` files (Arrow IPC, uncompressed, memory-mapped): the
16-byte hash of a text, and its vector. Chunks are added atomically, one every 20 seconds and whatever is
there when the work ends or is interrupted: a killed run loses seconds. Many small chunks are put
together when the folder is opened. Deleting it is safe; it costs encoding.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.data.arrays import BatchedRows, Floats, Places
from negmine.data.schemas import TEXT_KEY
from negmine.errors import CorruptArtifact
from negmine.storage.files import atomic_write

CHUNK_S = 20.0  # seconds of work that a kill may cost
SMALL, MANY = 16 << 20, 64  # bytes of a chunk, and chunks, that are worth putting together
MERGED = 64 << 20  # bytes of what they become


def exact_keys(texts: Iterable[str]) -> pl.Series:
    """Return the 16-byte blake2b of every text as it is, not normalised: a binary series."""
    keys = [hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest() for text in texts]
    return pl.Series("key", keys, dtype=pl.Binary)


class VectorStore:
    """Vectors of one encoder identity, by the hash of the text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._chunks: list[Floats] = []
        _put_together(folder)
        nothing = pl.DataFrame(schema={"key": pl.Binary, "chunk": pl.Int64, "row": pl.Int64})
        chunks = [self._open(_read(path)) for path in _chunks(folder)]
        self._index = pl.concat([nothing, *chunks]).unique("key", keep="first", maintain_order=True)

    def __len__(self) -> int:
        return self._index.height

    def encode(
        self, texts: Sequence[str], work: BatchedRows, done: Callable[[int], None]
    ) -> tuple[Floats, int]:
        """Return the vectors of `texts`, float32 [texts, dimensions], and how many were encoded now.

        Distinct unknown texts go through `work`, and are stored every few seconds.
        """
        keys = exact_keys(texts)
        wanted = pl.DataFrame({"key": keys}).with_row_index("place")
        missing = wanted.unique("key", keep="first").join(self._index, on="key", how="anti")
        new = missing["place"].sort().to_numpy()
        done(len(texts) - len(new))
        waiting: list[tuple[Places, Floats]] = []
        since = time.monotonic()
        try:
            for places, vectors in work([texts[place] for place in new]) if len(new) else ():
                waiting.append((new[places], vectors))
                done(len(places))
                if time.monotonic() - since >= CHUNK_S:
                    self._add(keys, waiting)
                    since = time.monotonic()
        finally:
            self._add(keys, waiting)
        return self._gather(wanted), len(new)

    def adopt(self, texts: Sequence[str], folders: Iterable[Path]) -> None:
        """Take over what other stores have of these texts and this one has not; the nearest store first."""
        keys = exact_keys(texts)
        wanted = pl.DataFrame({"key": keys}).with_row_index("place").unique("key", keep="first")
        for folder in folders:
            missing = wanted.join(self._index, on="key", how="anti")
            if missing.is_empty():
                return
            other = VectorStore(folder)
            held = missing.join(other._index, on="key", how="semi")
            if held.height:
                self._add(keys, [(held["place"].to_numpy(), other._gather(held))])

    def _gather(self, wanted: pl.DataFrame) -> Floats:
        stored = wanted.join(self._index, on="key", how="left", maintain_order="left")
        chunks, rows = stored["chunk"].to_numpy(), stored["row"].to_numpy()
        dims = self._chunks[0].shape[1] if self._chunks else 0
        result = np.empty((wanted.height, dims), np.float32)
        for number in np.unique(chunks):
            here = chunks == number
            result[here] = self._chunks[number][rows[here]]
        return result

    def _add(self, keys: pl.Series, waiting: list[tuple[Places, Floats]]) -> None:
        """Store the vectors that wait, and the keys of the texts in their places."""
        if not waiting:
            return
        vectors = np.concatenate([rows for _, rows in waiting])
        flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
        here = keys.gather(np.concatenate([places for places, _ in waiting]))
        table = pa.table(
            {
                "key": here.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(TEXT_KEY),
                "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
            }
        )
        self._index = pl.concat([self._index, self._open(_read(_write(self._folder, table)))])
        waiting.clear()

    def _open(self, table: pa.Table) -> pl.DataFrame:
        """Take in a chunk; return where each key lies."""
        vectors = table["vector"].combine_chunks()
        flat = vectors.flatten().to_numpy(zero_copy_only=True)
        self._chunks.append(flat.reshape(-1, vectors.type.list_size))
        return pl.DataFrame(
            {
                "key": pl.Series(table["key"].cast(pa.large_binary())),
                "chunk": pl.repeat(
                    len(self._chunks) - 1, table.num_rows, dtype=pl.Int64, eager=True
                ),
                "row": pl.int_range(table.num_rows, dtype=pl.Int64, eager=True),
            }
        )


def count_encoded(store: Path, encoders: Iterable[str]) -> str:
    """Return in words how many texts these encoders have encoded so far; empty where none.

    store: the folder of all encoders' vectors. encoders: their identities.
    """
    count = sum(count_stored(store / name) for name in set(encoders))
    return f"{count:,} texts are encoded" if count else ""


def count_stored(folder: Path) -> int:
    """Return how many vectors lie in a store, or in all stores below a folder; reads no vector.

    A damaged chunk counts nothing here; reading its vectors raises an error.
    """
    count = 0
    for path in folder.rglob("chunk-*.arrow"):
        with suppress(CorruptArtifact):
            count += _read(path).num_rows
    return count


def _chunks(folder: Path) -> list[Path]:
    return sorted(folder.glob("chunk-*.arrow"))


def _read(path: Path) -> pa.Table:
    """Return a chunk, memory-mapped."""
    try:
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all().combine_chunks()
    except (OSError, pa.ArrowInvalid) as error:
        raise CorruptArtifact(
            f"{path} is damaged ({error}). Delete this file; its texts are encoded again."
        ) from error


def _write(folder: Path, table: pa.Table) -> Path:
    """Add a chunk atomically; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = [int(path.stem[6:]) for path in _chunks(folder)]
    path = folder / f"chunk-{max(numbers, default=-1) + 1:06d}.arrow"
    with atomic_write(path) as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    return path


def _put_together(folder: Path) -> None:
    """Make few large chunks of many small ones. If interrupted, duplicates may remain; they are harmless."""
    small = [(path, path.stat().st_size) for path in _chunks(folder)]
    small = [(path, size) for path, size in small if size < SMALL]
    if len(small) < MANY:
        return
    group: list[Path] = []
    total = 0
    for path, size in [*small, (folder, MERGED)]:
        if total + size > MERGED and group:
            table = pa.concat_tables([_read(one) for one in group]).combine_chunks()
            _write(folder, table)
            for one in group:
                one.unlink()
            group, total = [], 0
        group.append(path)
        total += size
