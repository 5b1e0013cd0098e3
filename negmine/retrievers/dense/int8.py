"""Documents' vectors as int8: a byte a dimension on disk, read as float32.

The codes are those of sentence-transformers' `quantize_embeddings`: each dimension is cut into 256 steps
between its least and its largest value among the documents. Queries keep float32. Every score is the product of
the query with the vector that the codes stand for, the middle of each step; so there is no list to rescore.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.models.norms import unit
from negmine.retrievers.dense.rows import vector_keys
from negmine.storage.arrays import open_array
from negmine.storage.files import atomic_write, write_array
from negmine.storage.npy import map_npy

INT8, RANGES, CODES = "int8", "document_ranges.npy", 256
FLOATS = (np.float32, np.float16)
AT_ONCE = 16_384  # vectors that are read together


class Int8Rows:
    """Vectors out of codes: `rows[places]` is float32 [places, dimensions].

    codes: int8 [rows, dimensions], may be memory-mapped. ranges: float32 [2, dimensions], the least and the
    largest value of each. is_unit: vectors are read with length 1, as they had before.
    """

    dtype, itemsize = np.dtype(np.int8), 4  # itemsize: of what is read

    def __init__(self, codes: NDArray[np.int8], ranges: Floats, is_unit: bool) -> None:
        self._codes, self.shape, self._is_unit = codes, codes.shape, is_unit
        self._ranges = ranges
        self._starts, self._steps = ranges[0], steps_of(ranges)

    def __len__(self) -> int:
        return len(self._codes)

    def between(self, first: int, last: int) -> Int8Rows:
        """Return the rows from `first` up to, not including, `last`."""
        return Int8Rows(self._codes[first:last], self._ranges, self._is_unit)

    def __getitem__(self, places: Any) -> Floats:
        codes = np.asarray(self._codes[places], np.float32)
        rows: Floats = (codes + np.float32(CODES / 2 + 0.5)) * self._steps + self._starts
        if not self._is_unit:
            return rows
        flat = rows.reshape(-1, self.shape[1])
        norms = np.sqrt(np.einsum("ij,ij->i", flat, flat, dtype=np.float64))
        whole: Floats = unit(flat, np.where(norms > 0, norms, 1.0)).reshape(rows.shape)
        return whole


def between(vectors: Any, first: int, last: int) -> Any:
    """Return the vectors of the rows from `first` up to, not including, `last`; nothing is read."""
    return vectors.between(first, last) if isinstance(vectors, Int8Rows) else vectors[first:last]


def steps_of(ranges: Floats) -> Floats:
    """Return the width of a step of each dimension, float32 [dimensions]; 1 where all values are equal."""
    steps = (ranges[1] - ranges[0]) / np.float32(CODES - 1)
    return np.where(steps == 0, np.float32(1), steps).astype(np.float32)


def make_int8(path: Path) -> None:
    """Put codes in place of the float32 vectors of a .npy file; write ranges, and keys, beside it.

    A key is the hash of codes and ranges: under other ranges, equal codes are other vectors.
    """
    vectors = map_npy(path)
    blocks = [slice(start, start + AT_ONCE) for start in range(0, len(vectors), AT_ONCE)]
    extremes = [(vectors[block].min(axis=0), vectors[block].max(axis=0)) for block in blocks]
    least, most = zip(*extremes, strict=True)
    ranges = np.stack([np.min(least, axis=0), np.max(most, axis=0)]).astype(np.float32)
    keys = [np.empty((0, 2), np.uint64)]
    with atomic_write(path) as stream:
        header = {"descr": "|i1", "fortran_order": False, "shape": vectors.shape}
        np.lib.format.write_array_header_1_0(stream, header)
        for block in blocks:
            codes = coded(np.asarray(vectors[block]), ranges)
            codes.tofile(stream)
            keys.append(vector_keys(codes) ^ _hash_of(ranges))
    write_array(path.with_name(RANGES), ranges)
    write_array(path.with_name("document_keys.npy"), np.concatenate(keys))


def coded(vectors: Floats, ranges: Floats) -> NDArray[np.int8]:
    """Return the codes of vectors, int8, the same shape (sentence-transformers' `quantize_embeddings`)."""
    steps = np.floor((vectors - ranges[0]) / steps_of(ranges))
    codes: NDArray[np.int8] = (np.clip(steps, 0, CODES - 1) - CODES / 2).astype(np.int8)
    return codes


def open_documents(folder: Path, rows: int | None, is_unit: bool) -> Any:
    """Return the documents' vectors of an index: an array, memory-mapped, or Int8Rows.

    rows: how many there must be, None for any. is_unit: they have length 1. Raises CorruptArtifact for files
    that are not what they must be.
    """
    path, ranges = folder / "documents.npy", folder / RANGES
    if not ranges.exists():
        return open_array(path, FLOATS, (rows, None))
    codes = open_array(path, np.int8, (rows, None))
    shape = (2, codes.shape[1])
    return Int8Rows(codes, open_array(ranges, np.float32, shape, mapped=False), is_unit)


def _hash_of(ranges: Floats) -> NDArray[np.uint64]:
    digest = hashlib.blake2b(ranges.tobytes(), digest_size=16).digest()
    return np.frombuffer(digest, np.uint64)
