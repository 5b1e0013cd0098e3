"""Tasks of the late retriever: token vectors, an index over them, the run over all documents or candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.engine.context import Context
from negmine.engine.progress import OnlyNotes
from negmine.engine.tasks import Folder, Parts, Stream, once
from negmine.retrievers import recall as measured
from negmine.retrievers import runs as rows_of_runs
from negmine.retrievers import scope, search
from negmine.retrievers.encoding import Encoders, Encoding
from negmine.retrievers.faiss_index import build
from negmine.retrievers.late import approximate, names, tokens
from negmine.retrievers.late.approximate import Approximate
from negmine.retrievers.late.retriever import Late
from negmine.storage.files import write_array
from negmine.storage.layout import VECTORS

NUMBERS = 1000  # of tokens' vectors, a byte each in an index, that take the memory of a document in a shard
TRIED = 32  # queries on which an index is measured: exact search looks at every token for each of theirs


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
    config, order = context.config, context.corpus.doc_order()
    folder = context.work.opened(names.tokens(config))
    if not names.has_index(config):
        return Late(folder, order)
    over = context.work.opened(names.approximate(config))
    found = Approximate(over, config.retrieve.late_tokens, config.index.one_device)
    return Late(folder, order, found)


def index_over(context: Context) -> Folder:
    """A FAISS index over the tokens of all documents."""

    def make(folder: Path) -> dict[str, Any]:
        config, work, progress = context.config, context.work, context.progress
        vectors = work.require(names.tokens(config))
        documents = vectors.stats["documents"]
        values = tokens.open_tokens(work.opened(vectors.artifact), "document", documents).values
        wanted = approximate.wanted(config.index.late_index, len(values))
        build.check_size(wanted, len(values))
        progress.total(len(values), "tokens")
        most = approximate.trained_on(config.index.late_index, len(values))
        shards = config.shards(values.size // NUMBERS)
        made = build.build(values, wanted, folder, progress, most, shards)
        return {"documents": documents, **made}

    return Folder(make)


def recall(context: Context) -> Stream:
    """How many of the k best documents the index finds, for a sample of queries."""

    def tables() -> Iterator[pa.Table]:
        late, k = open_late(context), context.config.retrieve.k
        queries = measured.sample(late.query_ids, TRIED)
        asked = queries.to_arrow()
        right, proposed = (search(asked, k) for search in (late.search_exactly, late.search))
        yield measured.rows(queries, right, proposed, len(context.corpus))

    return Stream(tables())


def run(context: Context, runs: Sequence[str]) -> Parts:
    """The run. runs: with any, a query is compared with what they found for it, else with all documents."""
    if names.has_index(context.config):
        index = f"--late-index {context.config.index.late_index}"
        remedy = "Raise --late-tokens, choose another --late-index"
        measured.check(context, names.recall(context.config), index, remedy)
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
