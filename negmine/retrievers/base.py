"""The retrievers: who finds candidates.

A retriever is anything with a `search` (and, if it can, a `score_pairs`). The two that ship live in
`bm25.py` and `dense.py`; `--retriever package.module:factory` names a user's own.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class Hits(NamedTuple):
    """Row i answers query i.

    docs: int64 [queries, k], positions in the indexed documents, best first; -1 pads a short list.
    scores: float32 [queries, k], higher is better; -inf where docs is -1.
    """

    docs: NDArray[np.int64]
    scores: NDArray[np.float32]


class Retriever(Protocol):
    """Finds documents for queries.

    `queries` is a table with `query_id` and `text`. A document is its position among the indexed
    documents (corpus rows that are no copies of another, in corpus order).
    """

    name: str

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Return the best k documents of every query, ordered by (-score, doc_id).

        A list is shorter where fewer documents have anything to do with the query.
        """
        ...

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j] (a row of `queries`); float32 [pairs].

        The score of a pair is the very number that `search` gives it.
        """
        ...
