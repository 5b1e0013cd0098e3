"""BM25 indexes of tables, without a work directory."""

from pathlib import Path

import polars as pl

from negmine.config.settings import IndexSettings
from negmine.engine.progress import Silent
from negmine.retrievers.bm25 import retriever
from negmine.retrievers.bm25.build import build


def built(tables, folder, settings=None, progress=None, shards=1):
    """Write the index of these parts of a corpus into a folder; return its statistics."""
    count = sum(table.num_rows for table in tables)
    return build(
        tables, Path(folder), settings or IndexSettings(), progress or Silent(), count, shards
    )


def opened(folder, ids):
    """Open an index. ids: the doc_id of every document."""
    names = pl.Series("doc_id", ids, dtype=pl.String)

    def of_span(span):
        return names[span.first : span.first + span.documents]

    return retriever.open_index(Path(folder), len(names), of_span)
