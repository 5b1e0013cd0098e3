"""The round trip: each new query is searched by the retrievers of a work directory.

Keeping a query only where it finds the document that it was written for: Promptagator (Dai et al. 2022), with
the first place alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from negmine.analysis.queries.compute import places
from negmine.engine.context import Context
from negmine.errors import SettingsError
from negmine.retrievers.base import SearchTexts
from negmine.retrievers.registry import types

AT_ONCE = 512  # queries that are searched together


def searches(context: Context) -> tuple[dict[str, SearchTexts], list[str]]:
    """Return what searches for new queries, by retriever, and the retrievers that cannot.

    Raises SettingsError where none can.
    """
    able: dict[str, SearchTexts] = {}
    unable: list[str] = []
    for kind in types(context.config):
        search = None if kind.search_texts is None else kind.search_texts(context)
        if search is None:
            unable.append(kind.name)
        else:
            able[kind.name] = search
    if not able:
        raise SettingsError(
            f"generate-queries: a new query must find its document, and {', '.join(unable)} cannot search for "
            f"it. Add one that can: negmine index {context.work.name} --retriever bm25"
        )
    return able, unable


def ranks(
    context: Context, rows: pl.DataFrame, able: Mapping[str, SearchTexts], k: int
) -> dict[str, pl.Series]:
    """Return by retriever the rank of each row's document among the first k of its query; null where it is not.

    rows: doc_id, query, language. A query has the language of its document.
    """
    columns = {name: [pl.Series([], dtype=pl.Int32)] for name in able}
    depth = min(k, len(context.corpus))
    documents = np.asarray(context.corpus.positions(rows["doc_id"]))
    language = context.config.index.language_column
    numbered = rows.select(
        query_id=pl.int_range(pl.len()).cast(pl.String),
        text="query",
        **({} if language is None else {language: pl.col("language")}),
    )
    context.progress.begin("round trip")
    context.progress.total(rows.height, "queries")
    for start in range(0, rows.height, AT_ONCE):
        queries = numbered.slice(start, AT_ONCE).to_arrow()
        for name, search in able.items():
            hits = search(queries, depth)
            columns[name].append(places(hits.docs, documents[start : start + AT_ONCE]))
        context.progress.advance(queries.num_rows)
    return {name: pl.concat(some) for name, some in columns.items()}
