"""Texts that are in no index: scores of documents, searches for queries, from the terms of both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.data.sparse_rows import SparseRows, of_pairs
from negmine.retrievers.base import Hits, ScoreTexts, SearchTexts
from negmine.retrievers.sparse.retriever import Sparse

Terms = Callable[[Sequence[str]], NDArray[Any]]
"""Returns the terms of texts and their weights (see `of_pairs`)."""


def scoring(sparse: Sparse, terms: Terms) -> ScoreTexts:
    """Return what scores texts by the inner product with the query; 0.0 where they share no term."""

    def score(queries: pa.Table, rows: NDArray[np.int64], texts: Sequence[str]) -> Floats:
        return products(sparse.terms_of(queries), of_pairs(terms(texts)), rows)

    return score


def searching(sparse: Sparse, terms: Terms) -> SearchTexts:
    """Return what searches for new queries by the inner product with documents."""

    def search(queries: pa.Table, k: int) -> Hits:
        return sparse.search_terms(of_pairs(terms(queries["text"].to_pylist())), k)

    return search


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
