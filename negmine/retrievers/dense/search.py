"""The dense retriever: a finished index, memory-mapped, searched exactly, with a FAISS index or by bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.models.norms import UnitRows
from negmine.models.products import pair_scores
from negmine.retrievers import scope, shards
from negmine.retrievers.base import Hits
from negmine.retrievers.dense import coarse, exact
from negmine.retrievers.dense.approximate import Approximate
from negmine.retrievers.dense.binary import Binary
from negmine.retrievers.dense.int8 import FLOATS, open_documents
from negmine.retrievers.dense.nearest import Floats, Propose
from negmine.retrievers.dense.shard import DenseShard, Find, IdOrder
from negmine.retrievers.dense.vectors import IDS
from negmine.retrievers.shards import Span
from negmine.storage.arrays import open_array
from negmine.storage.parquet import read_part


class Exactly(NamedTuple):
    """The shards of exact search, and what reads queries."""

    shards: Sequence[DenseShard]
    read: Callable[[pa.Table], Floats]


class Dense:
    """Finds documents by the inner product of their vectors with the query's. Implements `VectorRetriever`.

    name: of its columns. spans: the shards; an approximate index is not cut. ids: the doc_id of every document
    of a span; they break ties. propose: who searches exactly, after `roughly` where that pays. approximate: who
    searches; without one every document is looked at. longest: the largest length of a document's vector, where
    vectors keep theirs; None for unit vectors. `vectors` and `queries` are read as unit vectors in both cases.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        spans: Sequence[Span],
        ids: Callable[[Span], pl.Series],
        propose: Propose,
        roughly: Propose | None = None,
        approximate: Approximate | Binary | None = None,
        longest: float | None = None,
    ) -> None:
        self.name, self._longest, self._ids_of = name, longest, ids
        self._folder, self._propose = folder, propose
        self._ids = read_part(folder / IDS).with_row_index("place")
        self._whole = Span(
            0, sum(one.documents for one in spans), (0, spans[-1].parts[1] if spans else 0)
        )
        self._positions = scope.read_positions(folder, self._whole.documents)
        count = self._whole.documents if self._positions is None else len(self._positions)
        is_unit = longest is None
        self._documents = open_documents(folder, count, is_unit)
        count, dims = self._documents.shape
        self._mined = open_array(folder / "queries.npy", FLOATS, (self._ids.height, dims))
        self.vectors: Any = self._documents if is_unit else UnitRows(self._documents)
        self.queries: Any = self._mined if is_unit else UnitRows(self._mined)
        pays = roughly is not None and coarse.is_worth_it(count, len(self._mined), dims)
        find = partial(_exactly, propose, roughly if pays else None, longest)
        self._exact = [self._shard(span, find) for span in spans]
        self.shards = self._exact
        if approximate is not None:
            self.shards = [self._shard(self._whole, approximate.search)]

    def _shard(self, span: Span, find: Find) -> DenseShard:
        return DenseShard(span, self._documents, self._positions, self._ids_of, find)

    def rows(self, docs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of `vectors` that these positions have: the same, unless only some are encoded."""
        if self._positions is None:
            return docs
        return np.searchsorted(self._positions, docs)

    def query_rows(self, query_ids: Any) -> NDArray[np.int64]:
        """Return the rows of `queries` of mined queries by query_id, int64."""
        wanted = pl.DataFrame({"query_id": query_ids})
        places = wanted.join(self._ids, on="query_id", how="left", maintain_order="left")
        return places["place"].cast(pl.Int64).to_numpy()

    def read(self, queries: pa.Table) -> Floats:
        """Return the vectors of queries, float32 [queries, dimensions]."""
        return np.asarray(self._mined[self.query_rows(queries["query_id"])], np.float32)

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Return the best k documents of every query (see Retriever)."""
        return shards.search(self, queries, k)

    def search_among(self, queries: pa.Table, rows: NDArray[np.int64], k: int) -> Hits:
        """Return the best k of the documents in these rows of `vectors`, exactly."""
        vectors = self.read(queries)
        positions = self.positions[rows]
        order: Any = IdOrder(self._ids_of(self._whole).gather(positions))
        some = np.asarray(self._documents[rows])
        hits = exact.search(vectors, some, k, order, self._propose, longest=self._longest)
        return Hits(np.where(hits.docs < 0, -1, positions[hits.docs]), hits.scores)

    def search_exactly(self, queries: pa.Table, k: int) -> Hits:
        """Search as `search` does with `--index flat`."""
        return shards.search(Exactly(self._exact, self.read), queries, k)

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score pairs (see Retriever); the same numbers as `search` gives."""
        vectors = self.read(queries)
        return pair_scores(vectors, self._documents, rows, self.rows(docs))

    def query_similarity(self, left: pl.Series, right: pl.Series) -> NDArray[np.float32]:
        """Return the cosine of two queries' vectors, pair by pair, float32 [len(left)]."""
        lefts, rights = self.query_rows(left), self.query_rows(right)
        if self._longest is None:
            return pair_scores(self.queries, self.queries, lefts, rights)
        pairs = np.arange(len(lefts))
        return pair_scores(self.queries[lefts], self.queries[rights], pairs, pairs)

    def keys(self, kind: str) -> NDArray[np.uint64]:
        """Return the hash of every `document`'s or `query`'s vector, uint64 [rows, 2]."""
        rows = len(self._documents if kind == "document" else self._mined)
        return open_array(self._folder / f"{kind}_keys.npy", np.uint64, (rows, 2), mapped=False)

    @property
    def query_ids(self) -> pl.Series:
        """The query_id of every query vector, in order."""
        return self._ids["query_id"]

    @property
    def positions(self) -> NDArray[np.int64]:
        """The position of the document of every row of `vectors`, int64, ascending."""
        return np.arange(len(self._documents)) if self._positions is None else self._positions


def _exactly(
    propose: Propose,
    roughly: Propose | None,
    longest: float | None,
    vectors: Floats,
    documents: Any,
    k: int,
    order: Any,
) -> Hits:
    return exact.search(vectors, documents, k, order, propose, roughly, longest)
