"""Approximate search: a FAISS index of any factory string over the documents' vectors.

FAISS proposes documents; their scores are computed as in exact search. So an approximate run can miss a
document, but the scores that it has are right.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.errors import SettingsError
from negmine.retrievers.base import Hits
from negmine.retrievers.dense.exact import SPARE, ranked_pairs
from negmine.retrievers.dense.nearest import Floats
from negmine.retrievers.faiss_index.module import faiss_or_error
from negmine.retrievers.faiss_index.opened import Opened


def set_parameters(index: Any, parameters: dict[str, int]) -> None:
    """Set an index's search parameters; raise SettingsError for one that this index does not have."""
    space = faiss_or_error().ParameterSpace()
    for name, value in parameters.items():
        try:
            space.set_index_parameter(index, name, value)
        except RuntimeError as error:
            flag = {"efSearch": "--ef-search"}.get(name, f"--{name}")
            raise SettingsError(
                f"{flag} {value}: this --index has no such setting. --nprobe is for IVF, "
                "--ef-search for HNSW."
            ) from error


class Approximate:
    """A saved index, opened for search. parameters: as {"nprobe": 64}. device: cpu forbids GPUs."""

    def __init__(self, folder: Path, parameters: dict[str, int], device: str) -> None:
        self.index = Opened(folder, partial(set_parameters, parameters=parameters), device)

    def search(
        self,
        queries: Floats,
        documents: NDArray[np.floating],
        k: int,
        doc_order: NDArray[np.int64],
    ) -> Hits:
        """Return up to k documents of every query, best first, ties by `doc_order` (see exact.search).

        queries: float32 [n, dims]. documents: the indexed vectors, float32 or float16 [m, dims].
        """
        k = min(k, len(documents))
        depth = min(k + SPARE, len(documents))
        proposed = self.index.nearest(queries, depth, documents.shape)
        rows = np.arange(len(queries))
        scores, docs = ranked_pairs(queries, documents, rows, proposed, doc_order)
        return Hits(docs[:, :k], scores[:, :k])
