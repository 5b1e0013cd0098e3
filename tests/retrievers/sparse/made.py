"""Indexes over rows that a test makes up: an encoder that looks a text up instead of reading it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from negmine.data.sparse_rows import as_pairs, of_dense
from negmine.engine.progress import Silent
from negmine.retrievers.sparse.build import build
from negmine.retrievers.sparse.retriever import Sparse


class Made:
    """The vector of text `n` is row n of the matrix of its kind."""

    dtype = "float32"

    def __init__(self, documents, queries):
        self._rows = {"document": documents, "query": queries}

    def identity(self, kind):
        return kind

    def work(self, kind, note):
        def encoded(texts):
            places = np.arange(len(texts))
            yield places, as_pairs(of_dense(self._rows[kind][[int(text) for text in texts]]))

        return encoded


def table(column, rows, prefix=""):
    names = pa.array([f"{prefix}{row}" for row in rows], pa.large_string())
    return pa.table(
        {column: names, "text": pa.array([str(row) for row in rows], pa.large_string())}
    )


def queries(*rows):
    """Return the table of queries that have these rows."""
    return table("query_id", rows, "q")


def write(folder, documents, asked, at_once=3, progress=None):
    """Write an index of two dense matrices, `at_once` rows a table; return its stats."""

    def tables(column, matrix, prefix):
        for first in range(0, max(len(matrix), 1), at_once):
            yield table(column, range(first, min(first + at_once, len(matrix))), prefix)

    return build(
        lambda: tables("doc_id", documents, "d"),
        lambda: tables("query_id", asked, "q"),
        folder,
        Made(documents, asked),
        folder.parent / "store",
        progress or Silent(),
    )


def indexed(documents, asked, doc_order=None, query_terms=None):
    """Return an open retriever; the mapped files outlive their folder."""
    order = np.arange(len(documents)) if doc_order is None else np.asarray(doc_order)
    with TemporaryDirectory() as parent:
        folder = Path(parent, "index")
        folder.mkdir()
        write(folder, documents, asked)
        return Sparse(folder, order, query_terms)
