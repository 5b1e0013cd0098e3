"""Search over the postings of write.py, and scores of single pairs.

A score is the sum over a query's tokens of the token's weight in the query times its score in the document:
float32, in the order of the tokens. So every machine has the same bits, and a pair those of the search.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from negmine.data.jit import compiled, in_threads
from negmine.retrievers.base import Hits
from negmine.retrievers.postings.write import DOCUMENTS, SCORES, STARTS
from negmine.retrievers.ranking import no_hits
from negmine.storage.arrays import check_below, check_offsets, open_array

SPARE = 256  # keys beyond k that wait before the list is cut
STRETCH = 128  # documents that are looked at together


class Weighted(NamedTuple):
    """The tokens of several queries, end to end: query i is ids[offsets[i]:offsets[i + 1]].

    ids: int32 [tokens], each below the tokens of the index. weights: float32 [tokens]. offsets: int64
    [queries + 1].
    """

    ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    offsets: NDArray[np.int64]


class PostingsSearch:
    """Searches memory-mapped postings in as many threads as numba has.

    doc_order: int64 [documents], the place of each doc_id among all sorted ones: it breaks ties.
    tokens: how many there are; without, as many as the postings say. Raises CorruptArtifact for postings that
    name other tokens or documents.
    """

    def __init__(
        self, folder: Path, doc_order: NDArray[np.int64], tokens: int | None = None
    ) -> None:
        wanted = None if tokens is None else tokens + 1
        self._starts = open_array(folder / STARTS, np.int64, (wanted,))
        self._documents = open_array(folder / DOCUMENTS, np.int32, (None,))
        self._scores = open_array(folder / SCORES, np.float32, self._documents.shape)
        check_offsets(folder / STARTS, self._starts, len(self._documents))
        check_below(folder / DOCUMENTS, self._documents, len(doc_order))
        self._order, self._by_order = doc_order, np.argsort(doc_order)
        self.tokens = len(self._starts) - 1

    def search(self, queries: Weighted, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        kernel, offsets = compiled(_best), queries.offsets
        index = (self._starts, self._documents, self._scores, self._order)
        keys = np.zeros((len(offsets) - 1, k), np.int64)
        in_threads(
            lambda a, b: kernel(*queries[:2], offsets[a : b + 1], *index, keys[a:b]), len(keys)
        )
        hits, there = no_hits(len(keys), k), keys > 0
        best = keys[there]
        hits.docs[there] = self._by_order[len(self._order) - 1 - (best & 0xFFFF_FFFF)]
        hits.scores[there] = (best >> 32).astype(np.int32).view(np.float32)
        return hits

    def score_pairs(
        self, queries: Weighted, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j]; 0.0 where they share nothing."""
        if not len(queries.ids):
            return np.zeros(len(rows), np.float32)
        # Copies, so that numba meets one kind of array and compiles once.
        rows, docs = np.array(rows, np.int64), np.array(docs, np.int64)
        kernel, index = compiled(_pair_scores), (self._starts, self._documents, self._scores)
        result = np.zeros(len(rows), np.float32)
        in_threads(
            lambda a, b: kernel(*queries, rows[a:b], docs[a:b], *index, result[a:b]),
            len(rows),
            4096,
        )
        return result


def _best(
    ids: NDArray[np.int32],
    weights: NDArray[np.float32],
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
        for at in range(offsets[query], offsets[query + 1]):
            token, weight = ids[at], weights[at]
            for place in range(starts[token], starts[token + 1]):
                sums[documents[place]] += weight * scores[place]
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
    weights: NDArray[np.float32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    docs: NDArray[np.int64],
    starts: NDArray[np.int64],
    documents: NDArray[np.int32],
    scores: NDArray[np.float32],
    result: NDArray[np.float32],
) -> None:
    """Look every token of a pair's query up among the token's documents, and add up in the query's order."""
    for pair in range(len(rows)):
        for at in range(offsets[rows[pair]], offsets[rows[pair] + 1]):
            token = ids[at]
            start, end = starts[token], starts[token + 1]
            place = start + np.searchsorted(documents[start:end], docs[pair])
            if place < end and documents[place] == docs[pair]:
                result[pair] += weights[at] * scores[place]
