"""The vector store: what was encoded once is never encoded again.

A folder per encoder identity with `chunk-*.arrow` files (Arrow IPC, uncompressed, memory-mapped): the
16-byte hash of a text, and its vector. Chunks are only ever added, each atomically, so a killed run
loses one chunk at most. Deleting the folder is safe; it costs encoding.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.errors import CorruptArtifact
from negmine.schemas import TEXT_KEY

STEP = 256  # texts between two signs of life; many models' batches
CHUNK = 2048  # texts: about half a minute on two cores


def exact_keys(texts: Iterable[str]) -> pl.Series:
    """Return the 16-byte blake2b of every text as it is, not normalised: a binary series."""
    keys = [hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest() for text in texts]
    return pl.Series("key", keys, dtype=pl.Binary)


class VectorStore:
    """Vectors of one encoder identity, by the hash of the text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._chunks: list[NDArray[np.float32]] = []
        self._index = pl.DataFrame(schema={"key": pl.Binary, "chunk": pl.Int64, "row": pl.Int64})
        for path in sorted(folder.glob("chunk-*.arrow")):
            self._open(path)

    def __len__(self) -> int:
        return self._index.height

    def encode(
        self,
        texts: Sequence[str],
        encode: Callable[[Sequence[str]], NDArray[np.float32]],
        done: Callable[[int], None],
    ) -> tuple[NDArray[np.float32], int]:
        """Return the vectors of `texts`, float32 [texts, dimensions], and how many were encoded now.

        Distinct unknown texts are encoded longest first and stored chunk by chunk.
        """
        keys = exact_keys(texts)
        wanted = pl.DataFrame({"key": keys}).with_row_index("place")
        missing = wanted.unique("key", keep="first").join(self._index, on="key", how="anti")
        places = sorted(missing["place"].to_list(), key=lambda place: (-len(texts[place]), place))
        done(len(texts) - len(places))
        for start in range(0, len(places), CHUNK):
            batch = places[start : start + CHUNK]
            vectors = []
            for first in range(0, len(batch), STEP):
                step = batch[first : first + STEP]
                vectors.append(encode([texts[place] for place in step]))
                done(len(step))
            self._add(keys.gather(batch), np.concatenate(vectors))
        return self._gather(wanted), len(places)

    def _gather(self, wanted: pl.DataFrame) -> NDArray[np.float32]:
        found = wanted.join(self._index, on="key", how="left", maintain_order="left")
        chunks, rows = found["chunk"].to_numpy(), found["row"].to_numpy()
        dims = self._chunks[0].shape[1] if self._chunks else 0
        result = np.empty((wanted.height, dims), np.float32)
        for number in np.unique(chunks):
            here = chunks == number
            result[here] = self._chunks[number][rows[here]]
        return result

    def _add(self, keys: pl.Series, vectors: NDArray[np.float32]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.stem[6:]) for path in self._folder.glob("chunk-*.arrow")]
        path = self._folder / f"chunk-{max(numbers, default=-1) + 1:06d}.arrow"
        flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
        table = pa.table(
            {
                "key": pa.array(keys.to_list(), TEXT_KEY),
                "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
            }
        )
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as stream:
            with pa.ipc.new_file(stream, table.schema) as writer:
                writer.write_table(table)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        self._open(path)

    def _open(self, path: Path) -> None:
        try:
            with pa.memory_map(str(path)) as source:
                table = pa.ipc.open_file(source).read_all().combine_chunks()
        except (OSError, pa.ArrowInvalid) as error:
            raise CorruptArtifact(
                f"{path} is damaged ({error}). Delete this file; its texts are encoded again."
            ) from error
        vectors = table["vector"].combine_chunks()
        dims = vectors.type.list_size
        flat = vectors.flatten().to_numpy(zero_copy_only=True)
        rows = pl.DataFrame(
            {
                "key": pl.Series(table["key"].to_pylist(), dtype=pl.Binary),
                "chunk": pl.repeat(len(self._chunks), table.num_rows, dtype=pl.Int64, eager=True),
                "row": pl.int_range(table.num_rows, dtype=pl.Int64, eager=True),
            }
        )
        self._chunks.append(flat.reshape(-1, dims))
        self._index = pl.concat([self._index, rows]).unique(
            "key", keep="first", maintain_order=True
        )
