"""The sparse retriever: a finished index, memory-mapped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.sparse_rows import SparseRows
from negmine.retrievers.base import Hits
from negmine.retrievers.postings.search import PostingsSearch, Weighted
from negmine.retrievers.sparse.build import IDS, QUERY_STARTS, QUERY_TERMS, QUERY_WEIGHTS
from negmine.storage.arrays import check_below, check_offsets, open_array
from negmine.storage.parquet import read_part

LARGEST = np.iinfo(np.int32).max


class Sparse:
    """Finds documents by the inner product of their terms' weights with the query's. Implements `Retriever`.

    doc_order breaks ties: the place of each doc_id among all sorted. query_terms: how many of a query's
    heaviest terms are searched; without, all. Raises CorruptArtifact for an index that `build` did not write.
    """

    name = "sparse"

    def __init__(
        self, folder: Path, doc_order: NDArray[np.int64], query_terms: int | None = None
    ) -> None:
        self._postings = PostingsSearch(folder, doc_order)
        self._ids = read_part(folder / IDS).with_row_index("place")
        self._queries = _open_queries(folder, self._ids.height)
        self._query_terms = query_terms

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Return the best k documents of every query that score above 0, by (-score, doc_id)."""
        return self._postings.search(self._weighted(queries), k)

    def search_terms(self, terms: SparseRows, k: int) -> Hits:
        """Search for queries that the index has not: their terms and weights."""
        return self._postings.search(self._there(self._heaviest(terms)), k)

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j], to the bit as `search` does; float32 [pairs].

        0.0 where query and document share no term.
        """
        return self._postings.score_pairs(self._weighted(queries), rows, docs)

    def terms_of(self, queries: pa.Table) -> SparseRows:
        """Return the terms of queries that are searched, also those that no document has."""
        asked = pl.DataFrame({"query_id": queries["query_id"]})
        places = asked.join(self._ids, on="query_id", how="left", maintain_order="left")["place"]
        return self._heaviest(self._queries.take(places.cast(pl.Int64).to_numpy()))

    def _heaviest(self, rows: SparseRows) -> SparseRows:
        return rows if self._query_terms is None else rows.heaviest(self._query_terms)

    def _weighted(self, queries: pa.Table) -> Weighted:
        """Return the terms of queries that are searched and that some document has."""
        return self._there(self.terms_of(queries))

    def _there(self, rows: SparseRows) -> Weighted:
        there = rows.where(rows.terms < self._postings.tokens)
        return Weighted(there.terms, there.weights, there.offsets)


def _open_queries(folder: Path, queries: int) -> SparseRows:
    terms = open_array(folder / QUERY_TERMS, np.int32, (None,))
    weights = open_array(folder / QUERY_WEIGHTS, np.float32, terms.shape)
    starts = open_array(folder / QUERY_STARTS, np.int64, (queries + 1,))
    check_offsets(folder / QUERY_STARTS, starts, len(terms))
    check_below(folder / QUERY_TERMS, terms, LARGEST)
    return SparseRows(starts, terms, weights)
