"""Shards: the corpus cut into runs of its parts, each searched alone.

The rows are those of one search over everything, for three reasons. A score depends on nothing but query,
document and numbers of the whole collection. A shard gives its own true best k by (-score, doc_id), so the
best k of all are among them. And `merged` orders by the same rule.

How many shards there are is a matter of memory and speed: it is in no identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.retrievers import runs
from negmine.retrievers.base import Hits
from negmine.retrievers.ranking import from_rows
from negmine.storage.corpus import Corpus

T = TypeVar("T")
_NO_HITS = pl.DataFrame(schema=runs.NO_HITS.schema | {"doc": pl.Int64})


class Span(NamedTuple):
    """Where a shard lies in the corpus.

    first: position of its first document. documents: how many it has. parts: its parts of `corpus`, from the
    first up to, not including, the last.
    """

    first: int
    documents: int
    parts: tuple[int, int]


class Shard(Protocol):
    """A run of the corpus' parts that is searched alone."""

    @property
    def span(self) -> Span:
        """Where it lies."""
        ...

    def doc_ids(self) -> pl.Series:
        """Return the doc_id of each of its documents, in order."""
        ...

    def search(self, queries: Any, k: int) -> Hits:
        """Return its best k documents of every query by (-score, doc_id); docs count from its first one.

        queries: what `Sharded.read` returned.
        """
        ...


class Sharded(Protocol):
    """A retriever that is cut."""

    @property
    def shards(self) -> Sequence[Shard]:
        """Its shards, in the order of the corpus."""
        ...

    def read(self, queries: pa.Table) -> Any:
        """Return the queries as its shards search for them; once for all shards."""
        ...


def shard_of(first: int, documents: int, shards: int) -> int:
    """Return the number of the shard to which a part belongs whose first document is at position `first`."""
    return min(first * shards // max(documents, 1), shards - 1)


def cut(
    tables: Iterable[T], documents: int, shards: int, rows: Callable[[T], int]
) -> Iterator[Iterator[T]]:
    """Yield the parts of the corpus shard by shard; use up each before the next.

    documents: how many all tables have. rows: returns how many a table has. There are no more shards than
    parts.
    """
    first = 0

    def number(table: T) -> int:
        nonlocal first
        shard = shard_of(first, documents, shards)
        first += rows(table)
        return shard

    for _, run in groupby(tables, number):
        yield run


def spans(part_documents: Sequence[int], shards: int) -> list[Span]:
    """Return where the shards lie. part_documents: how many documents each part of the corpus has."""
    firsts = np.concatenate([[0], np.cumsum(part_documents, dtype=np.int64)]).tolist()
    parts = range(len(part_documents))
    numbers = groupby(parts, lambda part: shard_of(firsts[part], firsts[-1], shards))
    edges = [next(run) for _, run in numbers] + [len(part_documents)]
    return [Span(firsts[a], firsts[b] - firsts[a], (a, b)) for a, b in pairwise(edges)]


def ids_of(corpus: Corpus, span: Span) -> pl.Series:
    """Return the doc_id of every document of a span, in order."""
    return corpus.ids_of_parts(*span.parts)


def hits(
    retriever: Sharded,
    queries: pl.DataFrame,
    k: int,
    depths: NDArray[np.int64] | None = None,
) -> pl.DataFrame:
    """Return the best k hits of each shard as rows, in one order: by query and (-score, doc_id).

    Rows: row, query_id, doc_id, score, doc (position in the corpus). queries: query_id, text, and a `row` of
    their own. depths: int64 [queries], how many hits of a shard to take for each query; without, all. One shard
    is searched after the other.
    """
    read = retriever.read(queries.to_arrow())
    return merged([_rows(shard, read, queries, k, depths) for shard in retriever.shards])


def hits_of_one(
    retriever: Sharded, number: int, queries: pl.DataFrame, k: int, depths: NDArray[np.int64] | None
) -> pl.DataFrame:
    """Return the best k hits of shard `number` alone, as `hits` does."""
    read = retriever.read(queries.to_arrow())
    return _rows(retriever.shards[number], read, queries, k, depths)


def _rows(
    shard: Shard,
    read: Any,
    queries: pl.DataFrame,
    k: int,
    depths: NDArray[np.int64] | None,
) -> pl.DataFrame:
    best = shard.search(read, min(k, shard.span.documents))
    if depths is not None:
        best.docs[np.arange(best.docs.shape[1]) >= depths[:, None]] = -1
    rows = runs.as_rows(best, queries["query_id"], shard.doc_ids(), None, queries["row"])
    docs = best.docs[best.docs >= 0] + shard.span.first
    return rows.with_columns(doc=pl.Series(docs, dtype=pl.Int64))


def merged(pieces: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the hits of several shards, each in order, in one order: by query and (-score, doc_id)."""
    if len(pieces) == 1:
        return pieces[0]
    return runs.in_order(pl.concat([_NO_HITS, *pieces]))


def search(retriever: Sharded, queries: pa.Table, k: int) -> Hits:
    """Return the best k documents of every query, as positions in the corpus (see Retriever)."""
    frame = pl.DataFrame(pl.from_arrow(queries))
    if "query_id" not in frame.columns:
        frame = frame.with_columns(query_id=pl.lit(""))
    rows = hits(retriever, frame.with_row_index("row"), k)
    return from_rows(rows, queries.num_rows, k)


def split(
    docs: NDArray[np.int64], spans: Sequence[Span]
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield for each shard that has some of these documents its number and the places in `docs`."""
    numbers = np.searchsorted([span.first for span in spans], docs, side="right") - 1
    for shard in np.unique(numbers).tolist():
        yield shard, np.flatnonzero(numbers == shard)
