"""The engine bm25s: search over postings (retrievers/postings), and scores of single pairs.

Scores are bm25s' own, to the bit: float32, added in the order of the query's tokens. Its search is not
used: it takes longer to find the best, and cuts ties by chance.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from negmine.retrievers.base import Hits
from negmine.retrievers.bm25.formula import Formula
from negmine.retrievers.bm25.index import TokenLists
from negmine.retrievers.postings.search import PostingsSearch, Weighted


class PostingsEngine:
    """Searches postings; the formula is in their scores, so every token of a query has weight 1."""

    def __init__(
        self, folder: Path, formula: Formula, doc_order: NDArray[np.int64], tokens: int
    ) -> None:
        self._postings = PostingsSearch(folder, doc_order, tokens)

    def search(self, queries: TokenLists, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        return self._postings.search(_weighted(queries), k)

    def score_pairs(
        self, queries: TokenLists, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j]; 0.0 where they share nothing."""
        return self._postings.score_pairs(_weighted(queries), rows, docs)


def _weighted(queries: TokenLists) -> Weighted:
    return Weighted(queries.ids, np.ones(len(queries.ids), np.float32), queries.offsets)
