"""One array of vectors on disk, a row for each document or query, and the hash of every row beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.models.encoder import Kind
from negmine.retrievers.dense.narrow import narrowed
from negmine.storage.files import atomic_write, write_array

Tables = Callable[[], Iterator[pa.Table]]
KINDS: tuple[tuple[Kind, str], ...] = (("document", "documents.npy"), ("query", "queries.npy"))


def write_rows(
    path: Path,
    kind: Kind,
    tables: Tables,
    count: int,
    dtype: str,
    vectors_of: Callable[[pa.Table], Floats],
) -> None:
    """Write the .npy array and the keys beside it; a stream, not a mapping that would fill memory."""
    keys = [np.empty((0, 2), np.uint64)]
    with atomic_write(path) as stream:
        for table in tables():
            single = vectors_of(table)
            vectors = narrowed(single, dtype, lambda row: f"the vector of a {kind}")
            if stream.tell() == 0:
                header = {"descr": vectors.dtype.str, "fortran_order": False}
                shape = {"shape": (count, vectors.shape[1])}
                np.lib.format.write_array_header_1_0(stream, header | shape)
            vectors.tofile(stream)
            keys.append(vector_keys(vectors))
    write_array(path.with_name(f"{kind}_keys.npy"), np.concatenate(keys))


def vector_keys(vectors: NDArray[Any]) -> NDArray[np.uint64]:
    """Return a 128-bit hash of every row, uint64 [rows, 2]. Another release of Polars may hash otherwise."""
    flat = np.ascontiguousarray(vectors)
    width = flat.shape[1] * flat.itemsize
    rows = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), len(flat), [None, pa.py_buffer(flat)]
    )
    series = pl.Series(rows.cast(pa.large_binary()))
    return np.column_stack([series.hash(seed).to_numpy() for seed in (0, 1)])
