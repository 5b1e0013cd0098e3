"""Which documents have no query, and the texts of those that get one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from negmine.analysis.queries.asking import Case
from negmine.analysis.queries.compute import drawn
from negmine.analysis.queries.settings import QuerySettings
from negmine.engine.context import Context
from negmine.errors import InputError
from negmine.storage.layout import CORPUS


def without_query(context: Context) -> pl.DataFrame:
    """Return doc_id of the documents that are no positive of any query, in their order; none without a text.

    Raises InputError where there is none.
    """
    has_text = pl.col("text").str.strip_chars() != ""
    if context.config.index.title:
        has_text |= pl.col("title").fill_null("").str.strip_chars() != ""
    rows = context.work.scan(CORPUS).filter(pl.col("same_as").is_null() & has_text)
    positives = context.queries.all_positives().lazy()
    ids = rows.select("doc_id").join(positives, on="doc_id", how="anti", maintain_order="left")
    documents = ids.collect(engine="streaming")
    if documents.is_empty():
        raise InputError("Every document is a positive of a query: there is none to write one for.")
    return documents


def chosen(context: Context, documents: pl.DataFrame, settings: QuerySettings) -> pl.DataFrame:
    """Return the documents that get a query (see `drawn`), with their `position`, int64, ascending."""
    if documents.height < settings.documents:
        context.progress.note(
            f"--documents {settings.documents}: only {documents.height:,} documents have no query"
        )
    some = drawn(documents, settings.documents, settings.seed)
    return some.with_columns(position=context.corpus.positions(some["doc_id"])).sort("position")


def cases(context: Context, some: pl.DataFrame, per_document: int) -> Iterator[Case]:
    """Yield what is asked for each document, with its language where BM25 reads one; in one pass."""
    positions = some["position"].to_numpy().astype(np.int64)
    for part in context.corpus.documents(positions, _language(context)):
        for doc_id, text, _, *language in pl.DataFrame(part).iter_rows():
            yield Case(doc_id, text, per_document, language[0] if language else None)


def _language(context: Context) -> list[str]:
    name = context.config.index.language_column
    has_it = name is not None and name in context.work.scan(CORPUS).collect_schema()
    return [str(name)] if has_it else []
