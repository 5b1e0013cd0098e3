"""Search over the postings of write.py, and scores of single pairs.

A score is the sum over a query's tokens of the token's weight in the query times its score in the document:
float32, in the order of the tokens. So every machine has the same bits, and a pair those of the search.

Where a posting has a number instead of a score, a table says what the number is worth: float64, multiplied with
the weight and rounded to float32.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from negmine.data.jit import compiled, in_threads
from negmine.retrievers.base import Hits
from negmine.retrievers.postings.write import FILES
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

    doc_order: [documents], the place of each doc_id among all sorted ones: it breaks ties. by_order: the
    documents in that order. tokens: how many there are; without, as many as the postings say. files: names of
    starts, documents, scores. table: float64, what the numbers in place of scores are worth. Raises
    CorruptArtifact for postings that name other tokens, documents or numbers.
    """

    def __init__(
        self,
        folder: Path,
        doc_order: NDArray[np.integer],
        tokens: int | None = None,
        files: tuple[str, str, str] = FILES,
        table: NDArray[np.float64] | None = None,
        by_order: NDArray[np.integer] | None = None,
    ) -> None:
        starts, documents, scores = (folder / name for name in files)
        dtype = np.float32 if table is None else np.int32
        self._starts = open_array(starts, np.int64, (None if tokens is None else tokens + 1,))
        self._documents = open_array(documents, np.int32, (None,))
        self._scores = open_array(scores, dtype, self._documents.shape)
        check_offsets(starts, self._starts, len(self._documents))
        check_below(documents, self._documents, len(doc_order))
        if table is not None:
            check_below(scores, self._scores, len(table))
        self._table = np.zeros(0) if table is None else table
        self._order = doc_order
        self._by_order = np.argsort(doc_order) if by_order is None else by_order
        self.tokens = len(self._starts) - 1

    def search(self, queries: Weighted, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        kernel, offsets = compiled(_best), queries.offsets
        index = (self._starts, self._documents, self._scores, self._table, self._order)
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
        kernel = compiled(_pair_scores)
        index = (self._starts, self._documents, self._scores, self._table)
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
    scores: NDArray[Any],
    table: NDArray[np.float64],
    order: NDArray[np.integer],
    keys: NDArray[np.int64],
) -> None:
    """Fill keys [queries, k], best first, 0 where there is none: a score's bits, then its document's order.

    The bits of positive floats are ordered as integers, and orders are distinct: so keys are, and no tie is
    left to chance. Unsigned indices spare numba the look at negative ones. A product of two float32 is exact in
    float64, so rounding it gives the float32 product.
    """
    k, last, in_table = keys.shape[1], len(order) - 1, len(table) > 0
    sums = np.empty(len(order), np.float32)
    bits = sums.view(np.int32)
    buffer = np.empty(2 * k + SPARE, np.int64)
    for query in range(len(keys)):
        sums[:] = 0
        for at in range(offsets[query], offsets[query + 1]):
            token, weight = ids[at], weights[at]
            start, end = starts[token], starts[token + 1]
            for place in range(start, end):
                score = table[np.uint32(scores[place])] if in_table else np.float64(scores[place])
                sums[np.uint32(documents[place])] += np.float32(weight * score)
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
    scores: NDArray[Any],
    table: NDArray[np.float64],
    result: NDArray[np.float32],
) -> None:
    """Look every token of a pair's query up among the token's documents, and add up in the query's order."""
    for pair in range(len(rows)):
        for at in range(offsets[rows[pair]], offsets[rows[pair] + 1]):
            token = ids[at]
            start, end = starts[token], starts[token + 1]
            place = start + np.searchsorted(documents[start:end], docs[pair])
            if place < end and documents[place] == docs[pair]:
                number = np.uint32(scores[place])
                score = table[number] if len(table) else np.float64(scores[place])
                result[pair] += np.float32(weights[at] * score)
