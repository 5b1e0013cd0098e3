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
from negmine.retrievers.bm25.index import IDS, LENGTHS, Batch, TokenLists, in_documents
from negmine.retrievers.postings.search import Weighted
from negmine.retrievers.postings.write import POSTING, Postings
from negmine.retrievers.ranking import no_hits, ranked
from negmine.storage.arrays import check_below, check_offsets, open_array
from negmine.storage.files import write_array


def in_order(batch: TokenLists) -> Postings:
    """Return a record for every token of every document, in the order of the text; its value is 1."""
    postings = np.ones(len(batch.ids), POSTING)
    postings["token"] = batch.ids
    postings["document"] = np.repeat(np.arange(len(batch.lengths)), batch.lengths)
    return postings


def write_token_lists(batches: Iterable[Batch], folder: Path, shard: int) -> NDArray[np.int64]:
    """Write ids and lengths; rank_bm25 has no index on disk, it is made at opening.

    batches: with postings as `in_order` returns. Returns how many documents each token has, int64 [tokens].
    """
    ids, lengths = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for batch in batches:
        ids.append(batch.postings["token"])
        lengths.append(batch.lengths)
    whole = TokenLists(np.concatenate(ids), np.concatenate(lengths))
    write_array(folder / IDS.format(shard), whole.ids)
    write_array(folder / LENGTHS.format(shard), whole.lengths)
    frequencies: NDArray[np.int64] = np.bincount(in_documents(whole)["token"])
    return frequencies


class ReferenceEngine:
    """Scores every document for every query, in Python. It counts for itself, so there is one shard."""

    def __init__(
        self,
        folder: Path,
        shard: int,
        formula: Formula,
        mean_length: float,
        order: NDArray[np.int32],
        tokens: int,
    ) -> None:
        ids, counts = folder / IDS.format(shard), folder / LENGTHS.format(shard)
        lengths = open_array(counts, np.int64, order.shape)
        corpus = TokenLists(open_array(ids, np.int32, (None,)), lengths)
        check_offsets(counts, corpus.offsets, len(corpus.ids))
        check_below(ids, corpus.ids, tokens)
        self._model = self._okapi(corpus, formula)
        self._doc_order = order.astype(np.int64)

    def _okapi(self, corpus: TokenLists, formula: Formula) -> Any:
        import rank_bm25

        # BM25Okapi divides by zero on a corpus without a token.
        if not len(corpus.ids):
            return None
        return rank_bm25.BM25Okapi(corpus.lists(), k1=formula.k1, b=formula.b, epsilon=0)

    def search(self, queries: Weighted, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        lists = _lists(queries)
        hits = no_hits(len(lists), k)
        for row, query in enumerate(lists):
            if query:
                scores = self._model.get_scores(query).astype(np.float32)
                docs = np.flatnonzero(scores > 0)
                best = ranked(docs[None, :], scores[None, docs], self._doc_order, k)
                hits.docs[row], hits.scores[row] = best.docs[0], best.scores[0]
        return hits

    def score_pairs(
        self, queries: Weighted, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j]; 0.0 where they share nothing."""
        scores = np.zeros(len(rows), np.float32)
        lists = _lists(queries)
        by_row = np.argsort(rows, kind="stable")
        bounds = np.searchsorted(rows[by_row], np.arange(len(lists) + 1)).tolist()
        for query, (start, end) in zip(lists, pairwise(bounds), strict=True):
            if query and start < end:
                pairs = by_row[start:end]
                scores[pairs] = self._model.get_batch_scores(query, docs[pairs].tolist())
        return scores


def _lists(queries: Weighted) -> list[list[int]]:
    return TokenLists(queries.ids, np.diff(queries.offsets)).lists()
