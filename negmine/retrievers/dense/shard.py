"""A shard of dense retrieval: the vectors of a run of the corpus' parts, searched alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.retrievers.base import Hits
from negmine.retrievers.dense.int8 import between
from negmine.retrievers.shards import Span

Find = Callable[[Floats, Any, int, Any], Hits]  # query vectors, documents, k, order


class IdOrder:
    """The order of doc_ids, for those that are asked for: `order[places]` says which comes first among them.

    So ties are broken without a number for every document.
    """

    def __init__(self, ids: pl.Series) -> None:
        self._ids = ids

    def __getitem__(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        if not places.size:
            return np.zeros(places.shape, np.int64)
        ids = self._ids.gather(np.maximum(places, 0).ravel())  # -1 pads short lists
        return ids.rank("dense").cast(pl.Int64).to_numpy().reshape(places.shape)


class DenseShard:
    """Vectors of the documents of a span, of one big array that is memory-mapped.

    positions: of the documents that have a vector, int64, ascending; None for all. ids: the doc_id of every
    document of a span. find: searches.
    """

    def __init__(
        self,
        span: Span,
        documents: Any,
        positions: NDArray[np.int64] | None,
        ids: Callable[[Span], pl.Series],
        find: Find,
    ) -> None:
        self.span, self._ids = span, ids
        self._find = find
        edges = np.array([span.first, span.first + span.documents])
        self._places = None
        if positions is not None:
            edges = np.searchsorted(positions, edges)
            self._places = positions[slice(*edges)] - span.first
        self._documents = between(documents, *edges.tolist())

    def doc_ids(self) -> pl.Series:
        """Return the doc_id of each document, in order."""
        return self._ids(self.span)

    def search(self, queries: Floats, k: int) -> Hits:
        """Return the best k documents of every query by (-score, doc_id); docs count from the span's first.

        queries: their vectors, float32 [queries, dimensions].
        """
        ids = self.doc_ids() if self._places is None else self.doc_ids().gather(self._places)
        hits = self._find(queries, self._documents, k, IdOrder(ids))
        if self._places is None:
            return hits
        return Hits(np.where(hits.docs < 0, -1, self._places[hits.docs]), hits.scores)
