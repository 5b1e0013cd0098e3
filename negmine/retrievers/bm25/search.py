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
from negmine.retrievers.bm25.index import BY_ORDER, PAIRS, posting_files
from negmine.retrievers.postings.search import PostingsSearch, Weighted
from negmine.storage.arrays import check_below, open_array


class PostingsEngine:
    """Searches the postings of a shard; the weight of a query's token is its inverse document frequency.

    mean_length: of all documents of the corpus. order: int32 [documents], the place of each doc_id among those
    of the shard. tokens: how many the shard has.
    """

    def __init__(
        self,
        folder: Path,
        shard: int,
        formula: Formula,
        mean_length: float,
        order: NDArray[np.int32],
        tokens: int,
    ) -> None:
        pairs = open_array(folder / PAIRS.format(shard), np.int32, (None, 2), mapped=False)
        table = np.asarray(
            formula.term_frequency(
                pairs[:, 0].astype(np.float32), pairs[:, 1].astype(np.int64), mean_length
            ),
            np.float64,
        )
        sorted_ids = folder / BY_ORDER.format(shard)
        by_order = open_array(sorted_ids, np.int32, order.shape)
        check_below(sorted_ids, by_order, len(order))
        self._postings = PostingsSearch(
            folder, order, tokens, posting_files(shard), table, by_order
        )

    def search(self, queries: Weighted, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        return self._postings.search(queries, k)

    def score_pairs(
        self, queries: Weighted, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j]; 0.0 where they share nothing."""
        return self._postings.score_pairs(queries, rows, docs)
