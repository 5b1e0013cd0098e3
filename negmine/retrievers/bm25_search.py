"""The engine bm25s: search over the postings of `bm25_index.py`, and scores of single pairs.

numba compiles bm25s' search in about six seconds, once per machine (see jit.py).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.jit import compiled, in_threads, keep_on_disk, threads
from negmine.retrievers import Hits
from negmine.retrievers.bm25_index import DOCUMENTS, SCORES, STARTS, Formula, TokenLists
from negmine.retrievers.bm25_ranking import no_hits, ranked

QUERIES_AT_ONCE = 256


class PostingsEngine:
    """Searches memory-mapped postings with bm25s' numba code, in as many threads as numba has."""

    def __init__(self, folder: Path, formula: Formula, doc_order: NDArray[np.int64]) -> None:
        self._starts = _mapped(folder / STARTS)
        self._documents = _mapped(folder / DOCUMENTS)
        self._scores = _mapped(folder / SCORES)
        self._doc_order = doc_order
        self._retriever = self._bm25s(formula)

    def _bm25s(self, formula: Formula) -> Any:
        import bm25s

        retriever = bm25s.BM25(method=formula.methods[0], backend="numba")
        retriever.scores = {
            "data": self._scores,
            "indices": self._documents,
            "indptr": self._starts,
            "num_docs": len(self._doc_order),
        }
        retriever.vocab_dict = {}
        retriever.unique_token_ids_set = range(len(self._starts) - 1)
        # Scores are sums over shared tokens: nothing is added for absent ones (see bm25.py).
        retriever.nonoccurrence_array = None
        return retriever

    def search(self, queries: TokenLists, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        hits = no_hits(len(queries.lengths), k)
        lists = queries.lists()
        # bm25s fails on a query without tokens.
        rows = np.flatnonzero(queries.lengths)
        parts = [rows[a : a + QUERIES_AT_ONCE] for a in range(0, len(rows), QUERIES_AT_ONCE)]
        _keep_compiled_search()
        with ThreadPoolExecutor(threads()) as pool:
            answers = pool.map(lambda rows: self._answer([lists[r] for r in rows], k), parts)
            for part, answer in zip(parts, answers, strict=True):
                hits.docs[part], hits.scores[part] = answer
        return hits

    def _answer(self, queries: list[list[int]], k: int) -> Hits:
        depth = min(k + 1, len(self._doc_order))
        # Not bm25s' own threads: they would share numba's pool and need a second compilation.
        docs, scores = self._retriever.retrieve(queries, k=depth, show_progress=False, n_threads=0)
        hits = ranked(docs, scores, self._doc_order, k)
        if depth == k + 1:
            # The first score left out equals the last one kept: bm25s chose between them by chance.
            for row in np.flatnonzero((scores[:, k - 1] == scores[:, k]) & (scores[:, k] > 0)):
                hits.docs[row], hits.scores[row] = self._exact(queries[row], scores[row, k], k)
        return hits

    def _exact(self, query: list[int], least: np.float32, k: int) -> Hits:
        """Rank all documents of a query that score `least` or more; one row."""
        scores = self._retriever.get_scores_from_ids(query)
        docs = np.flatnonzero(scores >= least)
        return ranked(docs[None, :], scores[None, docs], self._doc_order, k)

    def score_pairs(
        self, queries: TokenLists, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j]; 0.0 where they share nothing."""
        if not len(queries.ids):
            return np.zeros(len(rows), np.float32)
        kernel, offsets = compiled(_pair_scores), queries.offsets
        index = (self._starts, self._documents, self._scores)
        result = np.zeros(len(rows), np.float32)
        in_threads(
            lambda a, b: kernel(queries.ids, offsets, rows[a:b], docs[a:b], *index, result[a:b]),
            len(rows),
            4096,
        )
        return result


def _pair_scores(
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    docs: NDArray[np.int64],
    starts: NDArray[np.int64],
    documents: NDArray[np.int32],
    scores: NDArray[np.float32],
    result: NDArray[np.float32],
) -> None:
    """Look every token of a pair's query up among the token's documents, and add up in its order.

    float32 added in the order of the query's tokens is what bm25s does: the same bits.
    """
    for pair in range(len(rows)):
        for token in ids[offsets[rows[pair]] : offsets[rows[pair] + 1]]:
            start, end = starts[token], starts[token + 1]
            place = start + np.searchsorted(documents[start:end], docs[pair])
            if place < end and documents[place] == docs[pair]:
                result[pair] += scores[place]


@cache
def _keep_compiled_search() -> None:
    from bm25s.numba import retrieve_utils

    # bm25s' private name: without it only the start is slower.
    keep_on_disk(getattr(retrieve_utils, "_retrieve_internal_jitted_serial", None))


def _mapped(path: Path) -> NDArray[Any]:
    # A plain array over the mapping: numba checks the type of a subclass at every call.
    return np.asarray(np.load(path, mmap_mode="r"))
