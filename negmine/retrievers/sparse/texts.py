"""Scores of texts that are in no index: their terms are encoded as documents' are, through the vector cache."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.data.sparse_rows import SparseRows, of_pairs
from negmine.models.sparse import SparseEncoder
from negmine.retrievers.sparse.retriever import Sparse
from negmine.storage.vectors import Note, VectorStore


class SparseTexts:
    """Scores texts by the inner product of their terms' weights with the query's."""

    def __init__(
        self, retriever: Sparse, encoder: SparseEncoder, store: VectorStore, note: Note
    ) -> None:
        self._retriever, self._encoder, self._store, self._note = retriever, encoder, store, note

    def __call__(self, queries: pa.Table, rows: NDArray[np.int64], texts: Sequence[str]) -> Floats:
        """Score texts[j] for query rows[j] (see ScoreTexts); 0.0 where they share no term."""
        self._store.fill(texts, self._encoder.work("document", self._note), lambda count: None)
        return products(self._retriever.terms_of(queries), of_pairs(self._store.held(texts)), rows)


def products(queries: SparseRows, texts: SparseRows, rows: NDArray[np.int64]) -> Floats:
    """Return the inner product of queries[rows[j]] and texts[j], float32 [texts].

    Added up in float32, in the order of the query's terms, as a search does.
    """
    scores = np.zeros(len(texts), np.float32)
    for place, row in enumerate(rows.tolist()):
        asked = slice(queries.offsets[row], queries.offsets[row + 1])
        own = slice(texts.offsets[place], texts.offsets[place + 1])
        _, left, right = np.intersect1d(
            queries.terms[asked], texts.terms[own], assume_unique=True, return_indices=True
        )
        if len(left):
            weights = queries.weights[asked][left].astype(np.float64)
            values = (weights * texts.weights[own][right]).astype(np.float32)
            scores[place] = np.cumsum(values, dtype=np.float32)[-1]
    return scores
