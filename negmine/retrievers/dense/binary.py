"""`--index binary`: one bit a dimension, searched by Hamming distance, rescored with the vectors themselves.

The folder holds `codes.npy`, uint8 [documents, bytes]: bit i of a vector is 1 where its number i is above 0, as
`quantize_embeddings(..., precision="ubinary")` of sentence-transformers packs them. The query's bits propose
`--rescore` times as many documents as are wanted, as `semantic_search_faiss` does with a `rescore_multiplier`.
Their scores are products of the query's own floats with the documents' vectors (float32, float16, or what int8
codes stand for), which lie beside the bits. So a score is right, and only a document can be missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.config.settings.index import BINARY
from negmine.data.arrays import Floats
from negmine.engine.progress import Progress
from negmine.retrievers.base import Hits
from negmine.retrievers.dense.exact import SPARE, ranked_pairs
from negmine.retrievers.faiss_index.module import faiss_or_error
from negmine.storage.arrays import damaged, open_array
from negmine.storage.files import atomic_write

FILE = "codes.npy"
RESCORE = 4  # times as many documents as are wanted, where --rescore does not say
AT_ONCE = 16_384  # vectors that are read together
COUNTERS = 64 * 2**20  # bytes that FAISS may take for its counters


def codes_of(vectors: Floats) -> NDArray[np.uint8]:
    """Return the sign bits of vectors, uint8 [rows, bytes]; the last byte of a row is filled with zeros."""
    codes: NDArray[np.uint8] = np.packbits(vectors > 0, axis=-1)
    return codes


def build(vectors: Any, folder: Path, progress: Progress) -> dict[str, Any]:
    """Write the codes of all vectors; return the manifest's stats.

    vectors: floats [documents, dims], may be memory-mapped. Stats: bytes of the codes, and of the vectors
    beside them that rescore.
    """
    count, dims = vectors.shape
    size = -(-dims // 8)
    with atomic_write(folder / FILE) as stream:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, size)}
        np.lib.format.write_array_header_1_0(stream, header)
        for start in range(0, count, AT_ONCE):
            codes = codes_of(np.asarray(vectors[start : start + AT_ONCE]))
            codes.tofile(stream)
            progress.advance(len(codes))
    return {
        "documents": count, "index": BINARY, "bytes": count * size,
        "rescored_with": str(vectors.dtype), "vector_bytes": count * dims * vectors.dtype.itemsize,
    }  # fmt: skip


class Binary:
    """Saved codes, opened for search. rescore: how many times as many documents are proposed as are wanted."""

    def __init__(self, folder: Path, rescore: int) -> None:
        self._faiss, self._rescore, self._file = faiss_or_error(), rescore, folder / FILE
        self._codes = open_array(self._file, np.uint8, (None, None))

    def search(self, queries: Floats, documents: Any, k: int, doc_order: NDArray[np.int64]) -> Hits:
        """Return up to k documents of every query, best first, ties by `doc_order` (see exact.search).

        queries: float32 [n, dims]. documents: the vectors that the codes are of [m, dims]. Those of the least
        Hamming distance are proposed; of equal ones, those that come first in the corpus.
        """
        count, dims = documents.shape
        if self._codes.shape != (count, -(-dims // 8)):
            raise damaged(self._file, "it is about other vectors")
        k = min(k, count)
        depth = min(max(self._rescore * k, k + SPARE), count)
        docs = np.full((len(queries), k), -1, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        step = max(1, COUNTERS // (8 * max(depth, 1) * (8 * self._codes.shape[1] + 1)))
        for start in range(0, len(queries) if k else 0, step):
            here = slice(start, start + step)
            some = np.ascontiguousarray(queries[here])
            _, proposed = self._faiss.knn_hamming(codes_of(some), self._codes, depth, "mc")
            rows = np.arange(len(some))
            values, ranked = ranked_pairs(some, documents, rows, proposed, doc_order)
            docs[here], scores[here] = ranked[:, :k], values[:, :k]
        return Hits(docs, scores)
