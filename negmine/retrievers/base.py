"""What a retriever is: the protocol of one that is open, and the entry by which the program knows a kind.

A retriever is anything with a `search` (and, if it can, a `score_pairs`). bm25/, dense/ and sparse/ ship with
negmine; `--retriever package.module:factory` names a user's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.resolved import ResolvedConfig, ScoreKind
from negmine.config.settings import IndexSettings
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context


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

        The score of a pair is the very number that `search` gives it; NaN where it has none.
        """
        ...


class VectorRetriever(Retriever, Protocol):
    """A retriever whose vectors tell how similar two documents, or two queries, are.

    vectors, queries: unit vectors of documents and queries, [rows, dimensions]: an array that may be
    memory-mapped, or an object with `shape` whose `[rows]` is one (models/norms.py).
    """

    vectors: Any
    queries: Any

    def rows(self, docs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of `vectors` of documents at these positions, int64."""
        ...

    def query_rows(self, query_ids: pl.Series) -> NDArray[np.int64]:
        """Return the rows of `queries` of mined queries by query_id, int64."""
        ...

    def query_similarity(self, left: pl.Series, right: pl.Series) -> NDArray[np.float32]:
        """Return the cosine of two queries' vectors by query_id, pair by pair, float32."""
        ...


ScoreTexts = Callable[[pa.Table, NDArray[np.int64], Sequence[str]], NDArray[np.float32]]
"""Scores a text that is in no index, texts[j], for query rows[j] of a table; float32 [texts]."""
SearchTexts = Callable[[pa.Table, int], Hits]
"""Returns the best k documents of queries that no index has: a table with `query_id` and `text`."""
TextVectors = Callable[[Sequence[str]], NDArray[np.float32]]
"""Returns the unit vectors of documents' texts, float32 [texts, dimensions]."""


class Data(NamedTuple):
    """What a dry run knows of the data: how many rows the sources have, and functions that return all ids."""

    documents: int
    queries: int
    doc_ids: Callable[[], pl.Series]
    query_ids: Callable[[], pl.Series]


class Amounts(NamedTuple):
    """What a dry run knows: how many rows the sources have, which artifacts are kept, and some texts."""

    documents: int
    queries: int
    made: Collection[str]
    texts: Callable[[], list[str]]


class Cost(NamedTuple):
    """About what an artifact costs. Of what is None, the usual rate of its stage is taken.

    seconds, more_seconds: the former in place of the usual ones, the latter beside them. size: bytes, with what
    goes into a cache. texts: that are encoded at most. tokens: that get a vector each.
    """

    seconds: float | None = None
    size: float | None = None
    more_seconds: float = 0.0
    texts: int = 0
    tokens: int = 0


def _no_model(config: ResolvedConfig) -> str | None:
    return None


@dataclass(frozen=True)
class RetrieverType:
    """One kind of retriever: what it makes on disk, how it is opened, what it can do.

    check: raises SettingsError for settings of its own that cannot work, in use or not. check_data: raises
    InputError, in a dry run, for files of its own that do not fit the data. costs: by artifact, for a dry run,
    where its stage's usual rate is far off. artifacts: of stages
    index and retrieve, in the order they are made, the run among them; it gets the context and the
    runs of the retrievers before it. run: the artifact of its run. indexes: the artifacts that `open` reads.
    ordered: its hits come ordered by (-score, doc_id). last: where above 0, its artifacts may read the
    runs of retrievers with a lower number.
    score_kind: `sum`, of a weight per word, from 0 and without a bound (such a score gets the signal
    `<name>_log_ratio`); `cosine`; `product`, an inner product; or `unknown`. open_vectors: for a kind with
    vectors. model: the name of its model, which stands behind a `-` in the names of its artifacts; query_model:
    that of queries, if it is another. several: for a kind of which settings name several, the entry of each.
    score_texts, text_vectors: open what scores, and what encodes, texts that are in no index, as
    documents are; search_texts: what searches for new queries. None where the retriever, or these settings of
    it, cannot.
    evidence: its scores tell how relevant a document is. A retriever that never finds positives would teach the
    risk that whatever it finds is safe.
    """

    name: str
    check: Callable[[ResolvedConfig], None]
    artifacts: Callable[[Context, Sequence[str]], Iterable[Artifact]]
    run: Callable[[ResolvedConfig], str]
    indexes: Callable[[Context], tuple[str, ...]]
    open: Callable[[Context], Retriever]
    ordered: bool = False
    last: int = 0
    score_kind: ScoreKind = "unknown"
    open_vectors: Callable[[Context], VectorRetriever] | None = None
    model: Callable[[ResolvedConfig], str | None] = _no_model
    query_model: Callable[[ResolvedConfig], str | None] = _no_model
    several: Callable[[IndexSettings], tuple[RetrieverType, ...]] | None = None
    evidence: bool = True
    score_texts: Callable[[Context], ScoreTexts | None] | None = None
    text_vectors: Callable[[Context], TextVectors | None] | None = None
    search_texts: Callable[[Context], SearchTexts | None] | None = None
    check_data: Callable[[Context, Data], None] | None = None
    costs: Callable[[Context, Amounts], dict[str, Cost]] | None = None
