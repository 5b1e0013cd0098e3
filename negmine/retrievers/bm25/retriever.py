"""The BM25 retriever: its shards, opened, and how queries reach them.

The engines are `bm25s` (search.py) and `rank-bm25` (reference.py).

A score is the sum over the query's tokens, as often as each occurs, of idf x tf component, for the
tokens that the document has. So a document that shares no token scores 0 and is never offered, and
neither is one whose only shared tokens are worth nothing (`okapi` and `robertson`: those in half of
the documents or more; `atire`: those in all).

For `bm25l` and `bm25+` that is the sum of their authors (Lv and Zhai 2011, over the tokens in both
texts). bm25s adds what an absent token would score, which in bm25+ takes all effect from delta.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter

from negmine.data.sparse_rows import offsets_of
from negmine.retrievers import shards
from negmine.retrievers.base import Hits
from negmine.retrievers.bm25.analyzer import Analyzer
from negmine.retrievers.bm25.formula import Formula
from negmine.retrievers.bm25.reference import ReferenceEngine
from negmine.retrievers.bm25.search import PostingsEngine
from negmine.retrievers.bm25.settings import PARAMS, Params
from negmine.retrievers.bm25.shard import BM25Shard, MakeEngine, QueryTokens
from negmine.retrievers.bm25.texts import score_texts, tokens_of
from negmine.retrievers.bm25.world import WORLD, World
from negmine.retrievers.shards import Span
from negmine.storage.arrays import damaged
from negmine.storage.small_json import read_json

_ENGINES: dict[str, MakeEngine] = {"bm25s": PostingsEngine, "rank-bm25": ReferenceEngine}


def open_index(folder: Path, documents: int, ids: Callable[[Span], pl.Series]) -> BM25:
    """Open what `build` wrote; arrays are memory-mapped. Raises CorruptArtifact for what it did not write.

    documents: how many the corpus has. ids: returns the doc_id of every document of a span.
    """
    params = _read(folder / PARAMS)
    if sum(one.documents for one in params.shards) != documents:
        raise damaged(folder / PARAMS, f"it is about other documents than these {documents:,}")
    how = Formula(params.variant, params.k1, params.b, params.delta)
    analyzer = Analyzer(
        params.analyzer, params.stemmer, params.fold_accents, params.language_column
    )
    world = World(documents, params.tokens, folder / WORLD)
    made = [
        BM25Shard(folder, number, span, world, how, _ENGINES[params.engine], ids)
        for number, span in enumerate(_spans(params))
    ]
    return BM25(made, analyzer, world, how)


def _spans(params: Params) -> list[Span]:
    spans, first, part = [], 0, 0
    for one in params.shards:
        spans.append(Span(first, one.documents, (part, part + one.parts)))
        first, part = first + one.documents, part + one.parts
    return spans


class BM25:
    """Finds documents by the words they share with a query. Implements `Retriever` and `Sharded`."""

    name = "bm25"

    def __init__(
        self, opened: Sequence[BM25Shard], analyzer: Analyzer, world: World, formula: Formula
    ) -> None:
        self.shards = opened
        self._analyzer, self._world, self._formula = analyzer, world, formula

    def read(self, queries: pa.Table) -> QueryTokens:
        """Return the distinct tokens of queries, with their inverse document frequency."""
        lists = list(self._analyzer.lists(queries))
        numbers: dict[str, int] = {}
        places = [numbers.setdefault(token, len(numbers)) for tokens in lists for token in tokens]
        words = list(numbers)
        offsets = offsets_of(np.array([len(tokens) for tokens in lists], np.int64))
        idf = self._world.idf(self._formula, words)
        return QueryTokens(words, idf, np.array(places, np.int64), offsets)

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Return the best k documents of every query that score above 0, by (-score, doc_id).

        docs int64 [queries, k], scores float32 [queries, k]; -1 and -inf pad a short list. A row
        depends on its query alone, not on the batch it came in, the number of threads or of shards.
        """
        return shards.search(self, queries, k)

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j], to the bit as `search` does; float32 [pairs].

        0.0 where query and document share nothing.
        """
        rows, docs = np.asarray(rows, np.int64), np.asarray(docs, np.int64)
        scores, tokens = np.zeros(len(rows), np.float32), self.read(queries)
        for number, places in shards.split(docs, [shard.span for shard in self.shards]):
            shard = self.shards[number]
            own = docs[places] - shard.span.first
            scores[places] = shard.score_pairs(tokens, rows[places], own)
        return scores

    def score_texts(
        self, queries: pa.Table, rows: NDArray[np.int64], texts: Sequence[str]
    ) -> NDArray[np.float32]:
        """Score texts[j], which is in no index, for query rows[j]; float32 [texts] (see texts.py)."""
        cut = tokens_of(self._analyzer, queries, rows, texts)
        return score_texts(self.read(queries), rows, cut, self._formula, self._world.mean_length)


def _read(path: Path) -> Params:
    """Return what `params.json` holds. Raises CorruptArtifact for anything else."""
    try:
        return TypeAdapter(Params).validate_python(read_json(path), strict=True)
    except ValueError as error:
        raise damaged(path, "it is not what was written") from error
