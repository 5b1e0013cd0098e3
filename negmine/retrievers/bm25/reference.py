"""The engine rank-bm25: `rank_bm25.BM25Okapi` as it is, the slow reference for variant okapi.

Epsilon is 0: a token in more than half of the documents is worth nothing. (The package's default
floor, a quarter of the mean idf, is itself negative where the mean idf is.)
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.retrievers.base import Hits
from negmine.retrievers.bm25.formula import Formula
from negmine.retrievers.bm25.index import TokenLists
from negmine.retrievers.ranking import no_hits, ranked
from negmine.storage.arrays import check_below, check_offsets, open_array
from negmine.storage.files import write_array

IDS, LENGTHS = "ids.npy", "lengths.npy"


def write_token_lists(batches: Iterable[TokenLists], folder: Path, formula: Formula) -> None:
    """Write `ids.npy` and `lengths.npy`; rank_bm25 has no index on disk, it is made at opening."""
    kept = [TokenLists(np.zeros(0, np.int32), np.zeros(0, np.int64)), *batches]
    write_array(folder / IDS, np.concatenate([batch.ids for batch in kept]))
    write_array(folder / LENGTHS, np.concatenate([batch.lengths for batch in kept]))


class ReferenceEngine:
    """Scores every document for every query, in Python."""

    def __init__(
        self, folder: Path, formula: Formula, doc_order: NDArray[np.int64], tokens: int
    ) -> None:
        lengths = open_array(folder / LENGTHS, np.int64, (len(doc_order),))
        corpus = TokenLists(open_array(folder / IDS, np.int32, (None,)), lengths)
        check_offsets(folder / LENGTHS, corpus.offsets, len(corpus.ids))
        check_below(folder / IDS, corpus.ids, tokens)
        self._model = self._okapi(corpus, formula)
        self._doc_order = doc_order

    def _okapi(self, corpus: TokenLists, formula: Formula) -> Any:
        import rank_bm25

        # BM25Okapi divides by zero on a corpus without a token.
        if not len(corpus.ids):
            return None
        return rank_bm25.BM25Okapi(corpus.lists(), k1=formula.k1, b=formula.b, epsilon=0)

    def search(self, queries: TokenLists, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        hits = no_hits(len(queries.lengths), k)
        for row, query in enumerate(queries.lists()):
            if query:
                scores = self._model.get_scores(query).astype(np.float32)
                docs = np.flatnonzero(scores > 0)
                best = ranked(docs[None, :], scores[None, docs], self._doc_order, k)
                hits.docs[row], hits.scores[row] = best.docs[0], best.scores[0]
        return hits

    def score_pairs(
        self, queries: TokenLists, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j]; 0.0 where they share nothing."""
        scores = np.zeros(len(rows), np.float32)
        lists = queries.lists()
        by_row = np.argsort(rows, kind="stable")
        bounds = np.searchsorted(rows[by_row], np.arange(len(lists) + 1)).tolist()
        for query, (start, end) in zip(lists, pairwise(bounds), strict=True):
            if query and start < end:
                pairs = by_row[start:end]
                scores[pairs] = self._model.get_batch_scores(query, docs[pairs].tolist())
        return scores
