"""BM25 in the plan: its index, its run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.config.resolved import ResolvedConfig
from negmine.data import schemas
from negmine.data.sources.columns import no_column
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.tasks import Filled, Parts
from negmine.errors import InputError
from negmine.retrievers import search, shards
from negmine.retrievers.base import RetrieverType
from negmine.retrievers.bm25 import build, retriever, settings
from negmine.retrievers.bm25.analyzer import analyzer_of
from negmine.retrievers.bm25.counts import count
from negmine.storage.layout import CORPUS, QRELS, QUERIES

INDEX, RUN = "1-index/bm25", "2-retrieve/bm25"


def _artifacts(context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    shaping = partial(settings.shaping, context.config.index)
    yield Artifact(INDEX, None, (CORPUS,), shaping, _build, revision=3)
    yield Artifact(
        RUN, schemas.RUN, (INDEX, QUERIES, QRELS), lambda: {"k": context.config.retrieve.k}, _run
    )


def _build(context: Context) -> Filled:
    """The index: parts of the corpus are counted alone, in any process; then shards are filled in order."""
    index, corpus, progress = context.config.index, context.corpus, context.progress
    languages = [] if index.language_column is None else [index.language_column]

    def check() -> None:
        if problem := _lacks_language(context, CORPUS):
            raise InputError(problem)

    def make(number: int) -> pa.Table:
        documents = corpus.documents_of_part(number, languages)
        made = count(analyzer_of(index), documents, index.bm25_engine)
        progress.advance(documents.num_rows)
        return made

    def fill(folder: Path, tables: Iterator[pl.DataFrame]) -> dict[str, Any]:
        documents = sum(corpus.part_documents())
        shards = context.config.shards(documents)
        return build.fill(tables, folder, index, progress, documents, shards)

    return Filled(make, fill, corpus.part_documents, "documents", check)


def _lacks_language(context: Context, table: str) -> str:
    """Return what is wrong with --language-column in `corpus` or `queries`; nothing where it is there."""
    column = context.config.index.language_column
    schema, what = {
        CORPUS: (schemas.CORPUS, "documents"),
        QUERIES: (schemas.QUERIES, "queries"),
    }[table]
    names = context.work.scan(table).collect_schema().names()
    own = [name for name in names if name not in schema.names]
    if column is None or column in own:
        return ""
    return no_column("--language-column", column, what, own)


def _open(context: Context) -> retriever.BM25:
    folder, corpus = context.work.opened(INDEX), context.corpus
    ids = partial(shards.ids_of, corpus)
    return retriever.open_index(folder, sum(corpus.part_documents()), ids)


def _run(context: Context) -> Parts:
    if problem := _lacks_language(context, QUERIES):
        stemmer = context.config.index.stemmer
        how = "not stemmed" if stemmer is None else f"stemmed with --stemmer {stemmer}"
        context.progress.note(f"{problem} So queries are {how}.")
    return search.run(context, _open, ordered=True, is_sharded=True)


def _check(config: ResolvedConfig) -> None:
    settings.check(config.index)


BM25 = RetrieverType(
    name="bm25",
    check=_check,
    artifacts=_artifacts,
    run=lambda config: RUN,
    indexes=lambda context: (INDEX,),
    open=_open,
    ordered=True,
    score_kind="sum",
    score_texts=lambda context: _open(context).score_texts,
    search_texts=lambda context: _open(context).search,
)
