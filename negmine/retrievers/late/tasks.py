"""Tasks of the late retriever: token vectors, and the run over all documents or over candidates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.engine.context import Context
from negmine.engine.progress import OnlyNotes
from negmine.engine.tasks import Folder, Parts, once
from negmine.retrievers import runs as rows_of_runs
from negmine.retrievers import scope, search
from negmine.retrievers.encoding import Encoders, Encoding
from negmine.retrievers.late import names, tokens
from negmine.retrievers.late.retriever import Late
from negmine.storage.files import write_array
from negmine.storage.layout import VECTORS


def vectors(context: Context, runs: Sequence[str]) -> Folder:
    """Token vectors of documents and queries.

    runs: with any, only documents that they found, and positives, are encoded.
    """
    work, corpus = context.work, context.corpus
    encoder = tokens.encoder_of(context.config.index, work.digest)
    chosen = once(partial(scope.positions, context, runs)) if runs else None

    def make(folder: Path) -> dict[str, Any]:
        positions = None if chosen is None else chosen()
        if positions is not None:
            write_array(folder / scope.POSITIONS, positions)
        return tokens.build(
            lambda: corpus.documents(positions),
            context.queries.tables,
            folder,
            encoder,
            work.cache(VECTORS),
            OnlyNotes(context.progress),
        )

    both: Encoders = {"document": encoder, "query": encoder}
    encoding = Encoding(context, names.tokens(context.config), both, chosen)
    return Folder(make, encoding.steps())


def open_late(context: Context) -> Late:
    """Open the finished token vectors, memory-mapped."""
    folder = context.work.opened(names.tokens(context.config))
    return Late(folder, context.corpus.doc_order())


def run(context: Context, runs: Sequence[str]) -> Parts:
    """The run. runs: with any, a query is compared with what they found for it, else with all documents."""
    if not runs:
        return search.run(context, open_late, ordered=True)
    late, k = once(lambda: open_late(context)), context.config.retrieve.k

    def make(part: int) -> pa.Table:
        queries = context.queries.mined(part).with_row_index("row")
        hits = _compared(context, late(), queries, _pairs(context, runs, part))
        return rows_of_runs.run(rows_of_runs.in_order(hits), context.queries.positives(part), k)

    return Parts(context.queries.parts(), make, threads=True)


def _pairs(context: Context, runs: Sequence[str], part: int) -> pl.DataFrame:
    """Return query_id, doc_id of what these runs found for the queries of a part, each once."""
    columns = ["query_id", "doc_id"]
    return pl.concat([context.work.read(name, part, columns) for name in runs]).unique()


def _compared(
    context: Context, late: Late, queries: pl.DataFrame, pairs: pl.DataFrame
) -> pl.DataFrame:
    """Return row, query_id, doc_id, score of pairs whose query and document have a token."""
    hits = pairs.join(queries.select("row", "query_id"), on="query_id")
    given = (hits["row"].cast(pl.Int64).to_numpy(), context.corpus.positions(hits["doc_id"]))
    asked = queries.to_arrow()
    scored = hits.with_columns(score=pl.Series(late.score_pairs(asked, *given)))
    return scored.filter(pl.Series(late.have_tokens(asked, *given))).select(
        rows_of_runs.NO_HITS.columns
    )
