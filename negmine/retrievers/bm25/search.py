"""The engine bm25s: search over the postings of index.py, and scores of single pairs.

Scores are bm25s' own, to the bit: float32, added in the order of the query's tokens. Its search is not
used: it takes longer to find the best, and cuts ties by chance.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from negmine.data.jit import compiled, in_threads
from negmine.retrievers.base import Hits
from negmine.retrievers.bm25.formula import Formula
from negmine.retrievers.bm25.index import DOCUMENTS, SCORES, STARTS, TokenLists
from negmine.retrievers.ranking import no_hits
from negmine.storage.arrays import check_below, check_offsets, open_array

SPARE = 256  # keys beyond k that wait before the list is cut
STRETCH = 128  # documents that are looked at together


class PostingsEngine:
    """Searches memory-mapped postings in as many threads as numba has. The formula is in their scores.

    tokens: how many there are. Raises CorruptArtifact for postings that name other tokens or documents.
    """

    def __init__(
        self, folder: Path, formula: Formula, doc_order: NDArray[np.int64], tokens: int
    ) -> None:
        self._starts = open_array(folder / STARTS, np.int64, (tokens + 1,))
        self._documents = open_array(folder / DOCUMENTS, np.int32, (None,))
        self._scores = open_array(folder / SCORES, np.float32, self._documents.shape)
        check_offsets(folder / STARTS, self._starts, len(self._documents))
        check_below(folder / DOCUMENTS, self._documents, len(doc_order))
        self._order, self._by_order = doc_order, np.argsort(doc_order)

    def search(self, queries: TokenLists, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        kernel, offsets = compiled(_best), queries.offsets
        index = (self._starts, self._documents, self._scores, self._order)
        keys = np.zeros((len(queries.lengths), k), np.int64)
        in_threads(
            lambda a, b: kernel(queries.ids, offsets[a : b + 1], *index, keys[a:b]), len(keys)
        )
        hits, there = no_hits(len(keys), k), keys > 0
        best = keys[there]
        hits.docs[there] = self._by_order[len(self._order) - 1 - (best & 0xFFFF_FFFF)]
        hits.scores[there] = (best >> 32).astype(np.int32).view(np.float32)
        return hits

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


def _best(
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    documents: NDArray[np.int32],
    scores: NDArray[np.float32],
    order: NDArray[np.int64],
    keys: NDArray[np.int64],
) -> None:
    """Fill keys [queries, k], best first, 0 where there is none: a score's bits, then its document's order.

    The bits of positive floats are ordered as integers, and orders are distinct: so keys are, and no tie is
    left to chance.
    """
    k, last = keys.shape[1], len(order) - 1
    sums = np.empty(len(order), np.float32)
    bits = sums.view(np.int32)
    buffer = np.empty(2 * k + SPARE, np.int64)
    for query in range(len(keys)):
        sums[:] = 0
        for token in ids[offsets[query] : offsets[query + 1]]:
            for place in range(starts[token], starts[token + 1]):
                sums[documents[place]] += scores[place]
        held, limit, least = 0, np.int64(0xFFFF_FFFF), np.int32(1)  # what scores 0 is below
        for start in range(0, len(bits), STRETCH):
            some = bits[start : start + STRETCH]
            reached = np.int32(0)
            for column in range(len(some)):
                reached += np.int32(some[column] >= least)
            for column in range(len(some) if reached else 0):
                if some[column] < least:
                    continue
                key = (np.int64(some[column]) << 32) | (last - order[start + column])
                if key > limit:
                    buffer[held] = key
                    held += 1
                    if held == len(buffer):
                        limit = np.partition(buffer, held - k)[held - k]
                        least = np.int32(limit >> 32)
                        buffer[:k] = buffer[buffer >= limit]
                        held = k
        best = np.sort(buffer[:held])[::-1][:k]
        keys[query, : len(best)] = best


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
