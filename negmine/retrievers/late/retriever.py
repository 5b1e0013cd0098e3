"""The late retriever: finished token vectors, memory-mapped, compared exactly by MaxSim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.data.ragged import Ragged, heights, joined
from negmine.models.maxsim import maxsim
from negmine.retrievers import scope
from negmine.retrievers.base import Hits
from negmine.retrievers.late import exact
from negmine.retrievers.late.approximate import Approximate
from negmine.retrievers.late.names import NAME
from negmine.retrievers.late.tokens import IDS, open_tokens
from negmine.storage.parquet import read_part

Find = Callable[[Ragged, Ragged, int, NDArray[np.int64]], Hits]  # queries, documents, k, order


class Late:
    """Finds documents by the MaxSim of their tokens' vectors with the query's. Implements `Retriever`.

    doc_order breaks ties: the place of each doc_id among all sorted. approximate: who searches; without one
    every document is looked at.
    """

    name = NAME

    def __init__(
        self,
        folder: Path,
        doc_order: NDArray[np.int64],
        approximate: Approximate | None = None,
    ) -> None:
        self._find: Find = exact.search if approximate is None else approximate.search
        self._ids = read_part(folder / IDS).with_row_index("place")
        self._positions = scope.read_positions(folder, len(doc_order))
        self._order = doc_order if self._positions is None else doc_order[self._positions]
        self._documents = open_tokens(folder, "document", len(self._order))
        self._queries = open_tokens(folder, "query", self._ids.height)

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Return the best k of the encoded documents for every query (see Retriever)."""
        return self.search_tokens(self._asked(queries), k)

    def search_exactly(self, queries: pa.Table, k: int) -> Hits:
        """Search as `search` does with `--late-index flat`."""
        return self._positioned(exact.search(self._asked(queries), self._documents, k, self._order))

    def search_tokens(self, queries: Ragged, k: int) -> Hits:
        """Search for queries by the vectors of their tokens."""
        return self._positioned(self._find(queries, self._documents, k, self._order))

    def _asked(self, queries: pa.Table) -> Ragged:
        places = self._places(queries)
        return Ragged(
            np.concatenate([np.zeros(1, np.int64), np.cumsum(heights(self._queries)[places])]),
            joined(self._queries[places]).values,
        )

    def _positioned(self, hits: Hits) -> Hits:
        if self._positions is None:
            return hits
        return Hits(np.where(hits.docs < 0, -1, self._positions[hits.docs]), hits.scores)

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> Floats:
        """Score pairs by MaxSim (see Retriever): the same numbers as `search` gives; 0 without any token."""
        return maxsim(self._queries, self._documents, self._places(queries)[rows], self._rows(docs))

    def have_tokens(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Tell of every pair whether query and document have a token: without one it is no hit."""
        asked = heights(self._queries)[self._places(queries)[rows]]
        have: NDArray[np.bool_] = (asked > 0) & (heights(self._documents)[self._rows(docs)] > 0)
        return have

    @property
    def query_ids(self) -> pl.Series:
        """The query_id of every query that has its tokens here, in order."""
        return self._ids["query_id"]

    def tokens_of(self, queries: pa.Table) -> NDArray[Any]:
        """Return the matrix of tokens of every query, float16 or float32 [tokens, dimensions] each."""
        return self._queries[self._places(queries)]

    def _places(self, queries: pa.Table) -> NDArray[np.int64]:
        asked = pl.DataFrame({"query_id": queries["query_id"]})
        places = asked.join(self._ids, on="query_id", how="left", maintain_order="left")
        return places["place"].cast(pl.Int64).to_numpy()

    def _rows(self, docs: NDArray[np.int64]) -> NDArray[np.int64]:
        return docs if self._positions is None else np.searchsorted(self._positions, docs)
