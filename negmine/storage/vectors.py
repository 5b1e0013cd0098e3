"""The vector cache: a text that was encoded once is never encoded again.

A folder per encoder identity with chunks (chunks.py): the hash of a text, and its vector. A damaged chunk is
dropped with a note, and what it held encoded again: the whole chunk, so that texts that went through the
model together do so again, and come out with the same last bits. Chunks are added atomically, one every
20 seconds and whatever is there when the work ends or is interrupted: a killed run loses seconds. Many small
chunks are put together when the folder is opened. Deleting it is safe; it costs encoding.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.arrays import BatchedRows, Floats, Places
from negmine.data.ragged import Ragged, bytes_of, width_of
from negmine.errors import CorruptArtifact
from negmine.storage.chunks import (
    Chunk,
    chunk_files,
    is_shared,
    open_chunk,
    put_together,
    write_chunk,
)

CHUNK_S = 20.0  # seconds of work that a kill may cost
WAITING = 128 << 20  # bytes of vectors that wait for their chunk, at most

Note = Callable[[str], None]


def exact_keys(texts: Iterable[str]) -> pl.Series:
    """Return the 16-byte blake2b of every text as it is, not normalised: a binary series."""
    keys = [hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest() for text in texts]
    return pl.Series("key", keys, dtype=pl.Binary)


class VectorStore:
    """Vectors of one encoder identity, by the hash of the text: a row for each, or a matrix of tokens' vectors.

    note: receives a sentence about each chunk that is damaged and dropped. only: texts; it is opened to `fill`
    what it lacks of them, beside other processes that fill it. Then memory holds nothing of other texts, chunks
    are not compared with their checks, and none is dropped or put together.
    """

    def __init__(
        self, folder: Path, note: Note = lambda message: None, only: Sequence[str] | None = None
    ) -> None:
        self._folder, self._note = folder, note
        self._chunks: list[Chunk] = []
        self._only = None if only is None else exact_keys(only).unique().to_frame("key")
        if only is None:
            _drop_damaged(folder, note)
            put_together(folder)
        nothing = pl.DataFrame(schema={"key": pl.Binary, "chunk": pl.Int64, "row": pl.Int64})
        chunks = [self._open(path) for path in chunk_files(folder)]
        self._index = pl.concat([nothing, *chunks]).unique("key", keep="first", maintain_order=True)

    def __len__(self) -> int:
        return self._index.height

    def lacks(self, texts: Sequence[str]) -> bool:
        """Tell whether one of these texts is not in the store."""
        wanted = pl.DataFrame({"key": exact_keys(texts)})
        return wanted.join(self._index, on="key", how="anti").height > 0

    def encode(
        self, texts: Sequence[str], work: BatchedRows, done: Callable[[int], None]
    ) -> tuple[Floats, int]:
        """Return the vectors of `texts`, float32 [texts, dimensions], and how many were encoded now."""
        encoded = self.fill(texts, work, done)
        return self.held(texts), encoded

    def fill(self, texts: Sequence[str], work: BatchedRows, done: Callable[[int], None]) -> int:
        """Encode what the store lacks of `texts`; return how many that were.

        Distinct unknown texts go through `work`, and are stored every few seconds.
        """
        keys = exact_keys(texts)
        wanted = pl.DataFrame({"key": keys}).with_row_index("place")
        missing = wanted.unique("key", keep="first").join(self._index, on="key", how="anti")
        new = missing["place"].sort().to_numpy()
        done(len(texts) - len(new))
        waiting: list[tuple[Places, NDArray[Any]]] = []
        since, size = time.monotonic(), 0
        try:
            for places, vectors in work([texts[place] for place in new]) if len(new) else ():
                waiting.append((new[places], vectors))
                size += bytes_of(vectors)
                done(len(places))
                if time.monotonic() - since >= CHUNK_S or size >= WAITING:
                    self._add(keys, waiting)
                    since, size = time.monotonic(), 0
        finally:
            self._add(keys, waiting)
        return len(new)

    def held(self, texts: Sequence[str]) -> NDArray[Any]:
        """Return the vectors of texts that are all in the store: a row, or a matrix, for each."""
        return self._gather(pl.DataFrame({"key": exact_keys(texts)}))

    def adopt(self, texts: Sequence[str], folders: Iterable[Path]) -> None:
        """Take over what other stores have of these texts and this one has not; the nearest store first."""
        keys = exact_keys(texts)
        wanted = pl.DataFrame({"key": keys}).with_row_index("place").unique("key", keep="first")
        for folder in folders:
            missing = wanted.join(self._index, on="key", how="anti")
            if missing.is_empty():
                return
            other = VectorStore(folder, self._note)
            held = missing.join(other._index, on="key", how="semi")
            if held.height:
                self._add(keys, [(held["place"].to_numpy(), other._gather(held))])

    def _gather(self, wanted: pl.DataFrame) -> NDArray[Any]:
        stored = wanted.join(self._index, on="key", how="left", maintain_order="left")
        chunks, rows = stored["chunk"].to_numpy(), stored["row"].to_numpy()
        numbers = np.unique(chunks)
        some = self._chunks[numbers[0]] if len(numbers) else next(iter(self._chunks), None)
        rows_of = np.empty((0, 0), np.float32) if some is None else some.vectors
        if isinstance(rows_of, Ragged):
            result: NDArray[Any] = np.empty(wanted.height, object)
        else:
            result = np.empty((wanted.height, rows_of.shape[1]), np.float32)
        for number in numbers:
            here = chunks == number
            result[here] = self._chunks[number].vectors[rows[here]]
        return result

    def _add(self, keys: pl.Series, waiting: list[tuple[Places, NDArray[Any]]]) -> None:
        """Store the vectors that wait, and the keys of the texts in their places."""
        if not waiting:
            return
        vectors = np.concatenate([rows for _, rows in waiting])
        width = self._chunks[0].vectors.shape[1] if self._chunks else width_of(vectors)
        if width_of(vectors) != width:
            raise CorruptArtifact(
                f"{self._folder} holds vectors of {width} dimensions, where the model gives "
                f"{width_of(vectors)}. It is damaged, or an endpoint has another model behind the same name. "
                "Delete this folder; what it holds is made again."
            )
        here = keys.gather(np.concatenate([places for places, _ in waiting]))
        path = write_chunk(self._folder, here, vectors)
        self._index = pl.concat([self._index, self._open(path)])
        waiting.clear()

    def _open(self, path: Path) -> pl.DataFrame:
        """Take in a chunk; return where each key lies."""
        self._chunks.append(open_chunk(path, compare=self._only is None))
        keys, number = self._chunks[-1].keys, len(self._chunks) - 1
        places = pl.DataFrame(
            {
                "key": keys,
                "chunk": pl.repeat(number, len(keys), dtype=pl.Int64, eager=True),
                "row": pl.int_range(len(keys), dtype=pl.Int64, eager=True),
            }
        )
        return places if self._only is None else places.join(self._only, on="key", how="semi")


def _drop_damaged(folder: Path, note: Note) -> None:
    """Remove chunks that are not what was written, and those of another width than most vectors have."""
    rows_by_width: Counter[int] = Counter()
    width_by_path: dict[Path, int] = {}
    for path in chunk_files(folder):
        try:
            rows, width = open_chunk(path).vectors.shape
        except CorruptArtifact:
            _drop(path, note)
            continue
        rows_by_width[width] += rows
        width_by_path[path] = width
    for path, width in width_by_path.items():
        if width != rows_by_width.most_common(1)[0][0]:
            _drop(path, note)


def _drop(path: Path, note: Note) -> None:
    if is_shared():
        raise CorruptArtifact(f"{path} is damaged. Delete this file; what it holds is made again.")
    path.unlink()
    note(f"{path} was damaged: it is dropped, and what it held is made again")


def stored_keys(folder: Path) -> pl.Series:
    """Return the key of every vector in a store (see exact_keys), binary; writes nothing.

    A chunk that cannot be opened counts nothing here; the command that uses it drops it.
    """
    keys = [pl.Series("key", [], dtype=pl.Binary)]
    for path in chunk_files(folder):
        with suppress(CorruptArtifact):
            keys.append(open_chunk(path, compare=False).keys.cast(pl.Binary).alias("key"))
    return pl.concat(keys)


def count_encoded(store: Path, encoders: Iterable[str]) -> str:
    """Return in words how many texts these encoders have encoded so far; empty where none.

    store: the folder of all encoders' vectors. encoders: their identities.
    """
    count = sum(count_stored(store / name) for name in set(encoders))
    return f"{count:,} texts are encoded" if count else ""


def count_stored(folder: Path) -> int:
    """Return how many vectors lie in a store, or in all stores below a folder; reads no vector.

    A chunk that cannot be opened counts nothing here; the command that uses it drops it.
    """
    count = 0
    for path in folder.rglob("chunk-*.arrow"):
        with suppress(CorruptArtifact):
            count += len(open_chunk(path, compare=False).keys)
    return count
