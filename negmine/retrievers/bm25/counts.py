"""What the texts of a part of the corpus are made of, counted alone, in any process.

The words of a part are numbered as they first occur. So shards that take parts in order number the words of the
whole corpus as they first occur there, whoever has counted: the index has the same bytes.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from itertools import count as numbers
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.retrievers.bm25.analyzer import Analyzer
from negmine.retrievers.bm25.index import TokenLists, in_documents
from negmine.retrievers.bm25.reference import in_order
from negmine.retrievers.postings.write import POSTING, Postings

COUNTERS: Mapping[str, Callable[[TokenLists], Postings]] = {
    "bm25s": in_documents,
    "rank-bm25": in_order,
}
SCHEMA = pa.schema(
    {
        "doc_ids": pa.list_(pa.large_string()),
        "lengths": pa.list_(pa.int64()),
        "words": pa.list_(pa.large_string()),
        "documents": pa.list_(pa.int32()),
        "tokens": pa.list_(pa.int32()),
        "values": pa.list_(pa.float32()),
        "languages": pa.list_(pa.large_string()),
        "unstemmed": pa.list_(pa.int64()),
    }
)


class Counted(NamedTuple):
    """A part of the corpus.

    doc_ids: of its documents. lengths: how many tokens each has, int64. words: as they first occur. postings:
    records by document; `token` is a place in `words`, `document` counts from the first of the part.
    unstemmed: how many of the texts are in a language without a stemmer, by language.
    """

    doc_ids: pl.Series
    lengths: NDArray[np.int64]
    words: list[str]
    postings: Postings
    unstemmed: dict[str, int]


def count(analyzer: Analyzer, table: pa.Table, engine: str) -> pa.Table:
    """Count the texts of a table with doc_id, text and --language-column; one row of lists (SCHEMA)."""
    # a vocabulary that counted itself would be a cycle, and stay until the garbage collector comes
    vocabulary: defaultdict[str, int] = defaultdict(numbers().__next__)
    ids, lengths, analyzer.unstemmed = array("i"), [], Counter()
    for tokens in analyzer.lists(table):
        ids.extend(map(vocabulary.__getitem__, tokens))
        lengths.append(len(tokens))
    lists = TokenLists(np.array(ids, np.int32), np.array(lengths, np.int64))
    postings = COUNTERS[engine](lists)
    columns: list[Any] = [
        table["doc_id"].cast(pa.large_string()),
        lists.lengths,
        list(vocabulary),
        *(np.ascontiguousarray(postings[field]) for field in ("document", "token", "value")),
        list(analyzer.unstemmed),
        list(analyzer.unstemmed.values()),
    ]
    return pa.table(
        [_one_row(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)],
        schema=SCHEMA,
    )


def counted(row: pl.DataFrame) -> Counted:
    """Return what `count` has counted."""
    columns = {name: row[name][0] for name in row.columns}
    postings = np.empty(len(columns["tokens"]), POSTING)
    for field in ("document", "token", "value"):
        postings[field] = columns[f"{field}s"].to_numpy()
    return Counted(
        columns["doc_ids"],
        columns["lengths"].to_numpy(),
        columns["words"].to_list(),
        postings,
        dict(zip(columns["languages"], columns["unstemmed"], strict=True)),
    )


def _one_row(values: Any, kind: pa.DataType) -> pa.ListArray:
    """Return an array of one list."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    flat = values if isinstance(values, pa.Array) else pa.array(values, kind.value_type)
    return pa.ListArray.from_arrays(pa.array([0, len(flat)], pa.int32()), flat, type=kind)
