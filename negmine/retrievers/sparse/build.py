"""The sparse retriever's index: postings of all documents (retrievers/postings), and the queries' terms.

Beside the postings, the folder holds `query_ids.parquet`, and a sparse matrix with a row for each query:

    query_starts.npy   int64 [queries + 1]  where a query's terms begin
    query_terms.npy    int32 [terms]        ascending within a query
    query_weights.npy  float32 [terms]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.data.sparse_rows import SparseRows, of_pairs
from negmine.engine.progress import Progress
from negmine.errors import CorruptArtifact
from negmine.models.encoder import Kind
from negmine.models.sparse import SparseEncoder
from negmine.retrievers.postings.write import POSTING, Postings, write_postings
from negmine.storage.files import write_frame
from negmine.storage.vectors import VectorStore

Tables = Callable[[], Iterator[pa.Table]]
IDS = "query_ids.parquet"
QUERY_STARTS, QUERY_TERMS, QUERY_WEIGHTS = QUERY_FILES = (
    "query_starts.npy", "query_terms.npy", "query_weights.npy",
)  # fmt: skip
MANY = 2_000  # terms of a document, on average: no model that was trained to be sparse has as many


def build(
    documents: Tables,
    queries: Tables,
    folder: Path,
    encoder: SparseEncoder,
    store: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Index all documents and keep the queries' terms in `folder`; return the manifest's stats.

    documents, queries: tables with doc_id or query_id, text, streamed more than once. store: folder of the
    vector cache. Memory holds one table's vectors, not the corpus.
    """
    ids = pa.concat_tables([table.select(["query_id"]) for table in queries()])
    count = sum(table.num_rows for table in documents())
    progress.total(count + ids.num_rows, "texts")
    texts = _Texts(encoder, store, progress)
    frequencies = write_postings(texts.postings("document", documents), folder)
    write_postings(texts.postings("query", queries), folder, tokens=ids.num_rows, files=QUERY_FILES)
    write_frame(folder / IDS, pl.DataFrame({"query_id": ids["query_id"]}))
    _note_odd(texts, count, ids.num_rows, progress)
    return {
        "documents": count,
        "queries": ids.num_rows,
        "encoded": texts.encoded,
        "reused": count + ids.num_rows - texts.encoded,
        "terms": int(np.count_nonzero(frequencies)),
        "terms_per_document": round(texts.terms["document"] / max(count, 1), 1),
        "terms_per_query": round(texts.terms["query"] / max(ids.num_rows, 1), 1),
        "documents_without_terms": texts.empty["document"],
        "queries_without_terms": texts.empty["query"],
        "dtype": encoder.dtype,
    }


class _Texts:
    """Texts as postings, through the vector cache; counts them. encoded: texts that were not in the cache."""

    def __init__(self, encoder: SparseEncoder, store: Path, progress: Progress) -> None:
        self._encoder, self._store, self._progress = encoder, store, progress
        self.encoded = 0
        self.terms: dict[Kind, int] = {"document": 0, "query": 0}
        self.empty: dict[Kind, int] = {"document": 0, "query": 0}

    def postings(self, kind: Kind, tables: Tables) -> Iterator[Postings]:
        """Yield a table's postings: of documents by term, of queries by their own number."""
        folder = self._store / self._encoder.identity(kind)
        store = VectorStore(folder, self._progress.note)
        work = self._encoder.work(kind, self._progress.note)
        first = 0
        for table in tables():
            texts = table["text"].to_pylist()
            self.encoded += store.fill(texts, work, self._progress.advance)
            try:
                rows = of_pairs(store.held(texts))
            except ValueError as error:
                raise CorruptArtifact(
                    f"{folder} is damaged: {error}. Delete this folder; what it holds is made again."
                ) from error
            self.terms[kind] += len(rows.terms)
            self.empty[kind] += int(np.count_nonzero(rows.lengths == 0))
            yield _postings(rows, first, kind)
            first += len(rows)


def _postings(rows: SparseRows, first: int, kind: Kind) -> Postings:
    postings = np.empty(len(rows.terms), POSTING)
    by, of = ("document", "token") if kind == "document" else ("token", "document")
    postings[by], postings[of], postings["value"] = rows.numbers + first, rows.terms, rows.weights
    return postings


def _note_odd(texts: _Texts, documents: int, queries: int, progress: Progress) -> None:
    """Note texts without a term, and a model that is not sparse."""
    if texts.empty["document"] or texts.empty["query"]:
        progress.note(
            f"the sparse model gives {texts.empty['document']:,} of {documents:,} documents and "
            f"{texts.empty['query']:,} of {queries:,} queries no term: they are in no hit"
        )
    if texts.terms["document"] > MANY * documents:
        progress.note(
            f"the sparse model gives a document {texts.terms['document'] // documents:,} terms on average: "
            "it does not look trained to be sparse, and the index is large"
        )
