"""BM25 in the plan: its index, its run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from negmine.config.resolved import ResolvedConfig
from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.tasks import Folder, Parts
from negmine.retrievers import search
from negmine.retrievers.base import Retriever, RetrieverType
from negmine.retrievers.bm25 import retriever
from negmine.storage.layout import CORPUS, QRELS, QUERIES

INDEX, RUN = "1-index/bm25", "2-retrieve/bm25"


def _artifacts(context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    settings = context.config.index
    yield Artifact(INDEX, None, (CORPUS,), partial(retriever.shaping, settings), _build, revision=2)
    yield Artifact(
        RUN, schemas.RUN, (INDEX, QUERIES, QRELS), lambda: {"k": context.config.retrieve.k}, _run
    )


def _build(context: Context) -> Folder:
    def make(folder: Path) -> dict[str, Any]:
        corpus, progress = context.corpus, context.progress
        progress.total(len(corpus.doc_ids()), "documents")
        return retriever.build(corpus.documents(), folder, context.config.index, progress)

    return Folder(make)


def _open(context: Context) -> Retriever:
    return retriever.open_index(context.work.opened(INDEX), context.corpus.doc_order())


def _run(context: Context) -> Parts:
    return search.run(context, _open, ordered=True)


def _check(config: ResolvedConfig) -> None:
    retriever.check(config.index)


BM25 = RetrieverType(
    name="bm25",
    check=_check,
    artifacts=_artifacts,
    run=lambda config: RUN,
    indexes=lambda context: (INDEX,),
    open=_open,
    ordered=True,
    score_kind="sum",
)
