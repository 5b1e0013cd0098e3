"""A shard of the BM25 index: a run of the corpus' parts, with its own words, searched alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.sparse_rows import offsets_of
from negmine.engine.tasks import once
from negmine.retrievers.base import Hits
from negmine.retrievers.bm25.formula import Formula
from negmine.retrievers.bm25.index import ORDER, WORDS
from negmine.retrievers.bm25.world import World, count_words, looked_up
from negmine.retrievers.postings.search import Weighted
from negmine.retrievers.shards import Span
from negmine.storage.arrays import check_below, open_array


class QueryTokens(NamedTuple):
    """Queries as shards search for them.

    words: their distinct tokens. idf: float32 [words]. places: where in `words` every token of every query is,
    int64 [tokens]. offsets: int64 [queries + 1].
    """

    words: list[str]
    idf: NDArray[np.float32]
    places: NDArray[np.int64]
    offsets: NDArray[np.int64]


class Engine(Protocol):
    """Scores the tokens of queries; both methods follow `Retriever`, documents count from the shard's first."""

    def search(self, queries: Weighted, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        ...

    def score_pairs(
        self, queries: Weighted, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j]."""
        ...


MakeEngine = Callable[[Path, int, Formula, float, NDArray[np.int32], int], Engine]


class BM25Shard:
    """A shard, opened when it is first asked; its arrays are memory-mapped.

    Asking raises CorruptArtifact for what was not written so. ids: the doc_id of every document of a span.
    """

    def __init__(
        self,
        folder: Path,
        number: int,
        span: Span,
        world: World,
        formula: Formula,
        make: MakeEngine,
        ids: Callable[[Span], pl.Series],
    ) -> None:
        self.span = span
        words = self._words = folder / WORDS.format(number)
        self._ids = ids

        def engine() -> Engine:
            order = folder / ORDER.format(number)
            places = open_array(order, np.int32, (span.documents,))
            check_below(order, places, span.documents)
            tokens = count_words(words)
            return make(folder, number, formula, world.mean_length, places, tokens)

        self._engine = once(engine)

    def doc_ids(self) -> pl.Series:
        """Return the doc_id of each document, in order."""
        return self._ids(self.span)

    def search(self, queries: QueryTokens, k: int) -> Hits:
        """Return the best k documents of every query that score above 0, by (-score, doc_id)."""
        return self._engine().search(self._weighted(queries), k)

    def score_pairs(
        self, queries: QueryTokens, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j]; 0.0 where they share nothing."""
        return self._engine().score_pairs(self._weighted(queries), rows, docs)

    def _weighted(self, queries: QueryTokens) -> Weighted:
        """Return the tokens that some document of the shard has."""
        rows = looked_up(self._words, queries.words)
        numbers = np.full(len(queries.words) + 1, -1, np.int32)
        numbers[rows["place"].to_numpy()] = rows["number"].to_numpy()
        ids = numbers[queries.places]
        there = ids >= 0
        kept = np.concatenate([[0], np.cumsum(there)])[queries.offsets]
        return Weighted(ids[there], queries.idf[queries.places[there]], offsets_of(np.diff(kept)))
